// adapter-in.test.ts — the built page in a real Chromium: an adapter that was exported before is dropped as a folder, tried, trained further to its end;
// cut off before its first step it goes on as that adapter; a merge is cancelled. One with shortcuts is tried with them.

import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { readZip } from "../../src/formats/zip.ts";
import { violations } from "../harness/axe.ts";
import { builtPage } from "../harness/built-page.ts";

const open = builtPage();
const soon = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 120_000, interval: 250 });
const short = "#backend=wasm&train.eval_every=0&train.samples_every=0&train.eval_rows=4&train.batch_size=4&data.limit=64&train.learning_rate=0.01";

const state = (page: Page) => page.locator(".run .panel-head .muted").textContent();
const over = (page: Page) => soon(() => page.getByTestId("train").isEnabled()).toBe(true);

async function trained(page: Page): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  await page.getByTestId("train").and(page.locator(":enabled")).click();
  await soon(() => page.getByTestId("export").isEnabled()).toBe(true);
  await over(page);
  return exported(page);
}

async function exported(page: Page): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const download = page.waitForEvent("download");
  await page.getByTestId("export").click();
  return readZip(new Uint8Array(await readFile(await (await download).path())));
}

/** The answers of both to the prompt that stands there. */
async function answers(page: Page): Promise<string[]> {
  const ask = page.locator(".ask");
  await ask.locator("textarea").fill("Tim had 3 hats. Q: How many? A:");
  await ask.locator("button.quiet").click();
  await soon(() => ask.locator("button.quiet").isEnabled()).toBe(true);
  return ask.locator("dd").allTextContents();
}

/** As a person drops files onto the page. */
async function drop(page: Page, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const given = [...files].map(([path, bytes]) => ({ name: path.slice(path.lastIndexOf("/") + 1), base64: Buffer.from(bytes).toString("base64") }));
  const transfer = await page.evaluateHandle(async (all) => {
    const transfer = new DataTransfer();
    for (const { name, base64 } of all) transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return transfer;
  }, given);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

const only = (files: ReadonlyMap<string, Uint8Array>, wanted: RegExp) => new Map([...files].filter(([path]) => wanted.test(path)));

test("dropped, tried, trained further, cut off at its start, and merged until it is cancelled", { timeout: 300_000 }, async () => {
  const { page, said } = await open(`${short}&train.steps=10`);
  const files = await trained(page);
  const [base, tuned] = await answers(page);
  expect(tuned).not.toBe(base);

  // Another visit, whose form says something else.
  await page.goto(page.url().replace(/#.*/, "") + `${short}&train.steps=3&r=2&target_modules=o_proj`);
  await page.reload();
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor();
  const adapter = only(files, /^adapter\/adapter_/);
  await drop(page, adapter);
  const dialog = page.getByRole("dialog", { name: "Use an adapter" });
  await dialog.getByText("Given: adapter_config.json, adapter_model.safetensors").waitFor();
  await page.getByTestId("adapter-try").click();
  await soon(() => state(page)).toContain("stopped");
  expect(await answers(page)).toEqual([base, tuned]);

  await drop(page, adapter);
  await page.getByTestId("adapter-train").click();
  await soon(() => page.getByTestId("step-value").textContent()).toBe("3");
  await over(page);
  expect(await page.locator(".run").textContent()).toContain("The run begins as an adapter that was given");
  expect((await answers(page))[0]).toBe(base);

  // The way back is there before a step is made.
  await drop(page, adapter);
  await page.getByTestId("adapter-train").click();
  const lastStep = (): Promise<number | null> =>
    page.evaluate(async () => {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const asked = indexedDB.open("rankscope");
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error!);
      });
      const records = await new Promise<{ state: string; last: { step: number } | null }[]>((resolve) => {
        const asked = database.transaction("runs").objectStore("runs").getAll();
        asked.onsuccess = () => resolve(asked.result);
      });
      database.close();
      return records.find((r) => r.state === "running" || r.state === "loading")?.last?.step ?? null;
    });
  await expect.poll(lastStep, { timeout: 120_000, interval: 10 }).toBe(0);
  await page.reload();
  const cut = page.getByTestId("cut-off");
  await cut.getByRole("button", { name: "Go on from step 0" }).click();
  await soon(() => page.getByTestId("step-value").textContent()).toBe("3");
  await over(page);

  const cancelled = page.evaluate(async () => {
    document.querySelector<HTMLElement>("[data-testid=export-merged]")!.click();
    for (;;) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const cancel = document.querySelector<HTMLElement>("[data-testid=cancel-merged]");
      if (cancel) return cancel.click();
    }
  });
  await cancelled;
  await soon(() => page.locator(".export [role=status]").textContent()).toContain("Cancelled; nothing was saved.");
  expect(await page.getByTestId("export-merged").isEnabled()).toBe(true);
  expect(said).toEqual([]);
});

test("with the shortcuts of its run, or not at all", { timeout: 300_000 }, async () => {
  const allocation = { proxy: "constant", budget: { share: 1 }, shortcuts: "combined", shortcut_r: 4 };
  const { page, said } = await open(`${short}&train.steps=6&target_modules=v_proj&allocation=${encodeURIComponent(JSON.stringify(allocation))}`);
  const files = await trained(page);
  const both = await answers(page);
  const parts = only(files, /adapter_|shortcuts\./);
  await drop(page, only(parts, /^(?!shortcuts\.safetensors)/));
  await page.getByTestId("adapter-try").click();
  await page.getByRole("alert").getByText("folder of a run: has no shortcuts.safetensors").waitFor();
  expect(await violations(page)).toEqual([]);
  await drop(page, parts);
  await page.getByTestId("adapter-try").click();
  await soon(() => state(page)).toContain("stopped");
  expect(await answers(page)).toEqual(both);
  // What is tried can be carried out again, as it was.
  const again = await exported(page);
  expect(only(again, /\.safetensors$/)).toEqual(only(files, /\.safetensors$/));
  expect(said).toEqual([]);
});
