// export.test.ts — the built page in a real Chromium: the merged model of a run, and questions at a strength.

import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { bytesSource, openSafetensors } from "../../src/formats/safetensors.ts";
import { readZip } from "../../src/formats/zip.ts";
import { violations } from "../harness/axe.ts";
import { builtPage } from "../harness/built-page.ts";

const open = builtPage();

test("a run, its merged model, and answers from the base to beyond what was trained", { timeout: 300_000 }, async () => {
  const { page, said } = await open("#backend=wasm&train.steps=12&train.eval_every=0&train.samples_every=0&train.eval_rows=4&train.batch_size=4&data.limit=64");
  await page.getByTestId("train").and(page.locator(":enabled")).click();
  await expect.poll(() => page.getByTestId("export-merged").isEnabled(), { timeout: 200_000, interval: 250 }).toBe(true);
  await expect.poll(() => page.getByTestId("train").isEnabled(), { timeout: 200_000, interval: 250 }).toBe(true);
  expect(await page.locator(".export").textContent()).toMatch(/Merged: the whole model .* about 1[23](\.\d)? MB/);

  const download = page.waitForEvent("download");
  await page.getByTestId("export-merged").click();
  const zip = readZip(new Uint8Array(await readFile(await (await download).path())));
  expect([...zip.keys()].sort()).toEqual([
    "README.md",
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  const weights = await openSafetensors(new Map([["model.safetensors", bytesSource(zip.get("model.safetensors")!)]]));
  expect(weights.has("model.layers.0.self_attn.q_proj.weight")).toBe(true);
  expect(weights.names().some((name) => name.includes("lora"))).toBe(false);

  const ask = page.locator(".ask");
  const answers = async (): Promise<string[]> => {
    await ask.locator("button.quiet").click();
    await expect.poll(() => ask.locator("button.quiet").isEnabled(), { timeout: 60_000 }).toBe(true);
    return ask.locator("dd").allTextContents();
  };
  const slider = ask.getByRole("slider", { name: "Strength" });
  const prompt = await ask.locator("textarea").inputValue();
  const [base, tuned] = await answers();
  expect(tuned).not.toBe(base);
  await slider.press("Home");
  expect(await answers()).toEqual([base, base]);
  await slider.press("End");
  await answers();
  expect(await ask.locator("dt").allTextContents()).toEqual(["base", "tuned × 1.50"]);
  await ask.getByRole("checkbox", { name: "Adapter on" }).uncheck();
  expect(await slider.isDisabled()).toBe(true);
  expect(await answers()).toEqual([base, base]);

  const again = page.waitForEvent("download");
  await page.getByTestId("export").click();
  const run = await (await again).path();
  await page.getByTestId("adapter-in").click();
  expect(await page.getByTestId("adapter-try").isDisabled()).toBe(true);
  const files = { name: "run.zip", mimeType: "application/zip", buffer: await readFile(run) };
  await page.locator("dialog input[type=file]").setInputFiles(files);
  expect(await page.locator("dialog[open]").textContent()).toContain("Given: run.zip");
  expect(await violations(page)).toEqual([]);
  if (process.env.PICTURES) {
    await page.emulateMedia({ colorScheme: "light", forcedColors: "none" });
    await page.screenshot({ path: `${process.env.PICTURES}/adapter-in.png` });
  }
  await page.getByTestId("adapter-try").click();
  await expect.poll(() => page.locator(".run .panel-head .muted").textContent(), { timeout: 100_000 }).toContain("stopped");
  await ask.getByRole("checkbox", { name: "Adapter on" }).check();
  await slider.press("Home");
  for (let i = 0; i < 20; i++) await slider.press("ArrowRight");
  await ask.locator("textarea").fill(prompt);
  expect(await answers()).toEqual([base, tuned]);
  await pictures(page);
  expect(said).toEqual([]);
});

/** For a person to look at, where PICTURES names a folder. */
async function pictures(page: Page): Promise<void> {
  if (!process.env.PICTURES) return;
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme, forcedColors: "none" });
    await page.locator(".ask").screenshot({ path: `${process.env.PICTURES}/ask-${scheme}.png` });
    await page.locator(".run").screenshot({ path: `${process.env.PICTURES}/run-${scheme}.png` });
  }
  await page.setViewportSize({ width: 400, height: 800 });
  await page.locator(".ask").screenshot({ path: `${process.env.PICTURES}/ask-400.png` });
  await page.locator(".run").screenshot({ path: `${process.env.PICTURES}/run-400.png` });
}
