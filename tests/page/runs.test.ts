// runs.test.ts — the built page in a real Chromium: a run that is cut off ten times at random (reload, closed tab, crash) ends bit for bit as one that was
// left alone; two tabs; deletion, undo, export and import.

import { readFile } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readZip } from "../../src/formats/zip.ts";
import type { TrainEvent } from "../../src/protocol.ts";
import { violations } from "../harness/axe.ts";
import { launch } from "../harness/chromium.ts";
import { serveDist } from "../harness/serve.ts";

let browser: Browser;
let host: Awaited<ReturnType<typeof serveDist>>;
let context: BrowserContext;
beforeAll(async () => {
  browser = await launch();
  host = await serveDist();
  context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1280, height: 900 } });
});
afterAll(async () => {
  await browser?.close();
  await host?.close();
});

/** Many enough that the last cut, too, comes well before the end. */
const STEPS = 120;
const hash =
  `?backend=wasm#train.steps=${STEPS}&train.batch_size=1&train.gradient_accumulation_steps=2&lora_dropout=0.1&target_modules=v_proj&data.max_length=48` +
  "&data.limit=60&train.eval_every=0&train.eval_rows=2&train.samples_every=0&train.checkpoint_seconds=1";

async function open(address = hash): Promise<Page> {
  const page = await context.newPage();
  await page.goto(host.url + address);
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor();
  return page;
}
const stepOf = async (page: Page): Promise<number> => Number(await page.getByTestId("step-value").textContent());
const over = (page: Page): Promise<unknown> => expect.poll(() => page.getByTestId("train").isEnabled(), { timeout: 120_000 }).toBe(true);

async function exported(page: Page): Promise<Map<string, Uint8Array>> {
  const download = page.waitForEvent("download");
  await page.getByTestId("export").click();
  return readZip(new Uint8Array(await readFile(await (await download).path())));
}
const stepsIn = (zip: Map<string, Uint8Array>): object[] =>
  new TextDecoder()
    .decode(zip.get("events.jsonl"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TrainEvent)
    .filter((e) => e.type === "step" || e.type === "evaluation")
    .map((e) => ({ ...e, ms: 0, time: 0 }));

/** Ends the page as life does. Resolves with a page that was just opened. */
const ends: Record<string, (page: Page) => Promise<Page>> = {
  reload: async (page) => (await page.reload(), page),
  "closed tab": async (page) => (await page.close(), open()),
  crash: async (page) => {
    const session = await context.newCDPSession(page);
    void session.send("Page.crash").catch(() => {});
    await new Promise((resolve) => page.once("crash", resolve));
    await page.close();
    return open();
  },
};

test("cut off ten times at random steps, it ends as the run that was left alone", { timeout: 600_000 }, async () => {
  const whole = await open();
  await whole.getByTestId("train").click();
  await expect.poll(() => stepOf(whole), { timeout: 120_000 }).toBe(STEPS);
  await over(whole);
  const truth = await exported(whole);
  await whole.close();

  let page = await open();
  await page.getByTestId("train").click();
  const story: string[] = [];
  for (let cut = 0; cut < 10; cut++) {
    const at = 1 + Math.floor(8 * cut + 8 * Math.random());
    await expect.poll(() => stepOf(page), { timeout: 120_000, interval: 30 }).toBeGreaterThanOrEqual(at);
    const seen = await stepOf(page);
    const [how, end] = Object.entries(ends)[cut % 3];
    page = await end(page);
    await page.getByTestId("cut-off").waitFor();
    const button = page.getByTestId("cut-off").getByRole("button").first();
    const from = Number(/\d+/.exec((await button.textContent())!)?.[0] ?? 0);
    story.push(`${how} at ${seen}, from ${from}`);
    expect(from, story.join("; ")).toBeLessThanOrEqual(STEPS);
    await button.click();
  }
  await expect.poll(() => stepOf(page), { timeout: 120_000 }).toBe(STEPS);
  await over(page);
  const cut = await exported(page);
  expect(stepsIn(cut), story.join("; ")).toEqual(stepsIn(truth));
  expect(cut.get("adapter/adapter_model.safetensors"), story.join("; ")).toEqual(truth.get("adapter/adapter_model.safetensors"));

  // Nothing of it is lost or there twice.
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await expect.poll(() => page.getByTestId("kept-run").count()).toBe(2);
  for (const run of await page.getByTestId("kept-run").all()) expect(await run.textContent()).toMatch(new RegExp(`finished.*step ${STEPS} of ${STEPS}`));
  await page.close();
});

test("a second tab can read the run, not change it; when the first is gone, it goes on there", { timeout: 240_000 }, async () => {
  const first = await open(hash.replace(`train.steps=${STEPS}`, "train.steps=500"));
  await first.getByTestId("train").click();
  await expect.poll(() => stepOf(first), { timeout: 120_000 }).toBeGreaterThan(4);
  const second = await open();
  await second.getByRole("link", { name: "Runs", exact: true }).click();
  const row = second.getByTestId("kept-run").filter({ hasText: "of 500" });
  await row.getByText("in another tab").waitFor();
  expect(await row.getByRole("button", { name: /Go on/ }).count()).toBe(0);
  await row.getByRole("button", { name: /More/ }).click();
  expect(await row.getByRole("button", { name: "Delete" }).isDisabled()).toBe(true);
  await first.close();
  await row.getByRole("button", { name: /Go on from/ }).click({ timeout: 30_000 });
  const before = await expect.poll(() => stepOf(second), { timeout: 120_000 }).toBeGreaterThan(4).then(() => stepOf(second)); // prettier-ignore
  await expect.poll(() => stepOf(second), { timeout: 120_000 }).toBeGreaterThan(before + 2);
  expect(await second.title()).toMatch(/^\d+\/500 training · Rankscope$/);
  await second.getByTestId("stop").click();
  await over(second);
  await second.close();
});

test("deleted and taken back; out as a zip and in again, where it goes on", { timeout: 240_000 }, async () => {
  const page = await open();
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  const rows = page.getByTestId("kept-run");
  await expect.poll(() => rows.count()).toBe(3);
  const row = rows.filter({ hasText: "of 500" });
  await row.getByRole("button", { name: /More/ }).click();
  await row.getByRole("button", { name: "Delete" }).click();
  await expect.poll(() => rows.count()).toBe(2);
  // Also after a reload.
  await page.reload();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => rows.count()).toBe(3);

  await row.getByRole("checkbox").check();
  const download = page.waitForEvent("download");
  await page.getByTestId("export-runs").click();
  const file = await (await download).path();
  expect([...readZip(new Uint8Array(await readFile(file))).keys()].sort()).toEqual(
    ["checkpoints/last.safetensors", "config.json", "events.jsonl", "metrics.csv", "run.json"].sort(),
  );
  await page.getByTestId("import-runs").setInputFiles({ name: "run.zip", mimeType: "application/zip", buffer: await readFile(file) });
  await page.getByText("1 run was read in.").waitFor();
  await expect.poll(() => rows.count()).toBe(4);
  const copy = rows.filter({ hasText: ", copy" });
  const from = Number(/from step (\d+)/.exec((await copy.getByRole("button", { name: /Go on from/ }).textContent())!)![1]);
  await copy.getByRole("button", { name: /Go on from/ }).click();
  await expect.poll(() => stepOf(page), { timeout: 120_000 }).toBeGreaterThan(from);
  await page.getByTestId("stop").click();
  await over(page);
  await page.close();
});

test("a run on one's own file goes on after a reload without being given it again", { timeout: 240_000 }, async () => {
  const page = await open(hash.replace(`train.steps=${STEPS}`, "train.steps=300"));
  const rows = Array.from({ length: 40 }, (_, i) => JSON.stringify({ prompt: `Tim had ${i} hats. Q: How many? A:`, completion: ` ${i}.` })).join("\n");
  const given = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Open file" }).click();
  await (await given).setFiles({ name: "hats.jsonl", mimeType: "application/jsonl", buffer: Buffer.from(rows) });
  await expect.poll(() => page.getByTestId("data-select").inputValue()).toBe("file:hats.jsonl");
  await page.getByTestId("train").and(page.locator(":enabled")).click();
  await expect.poll(() => stepOf(page), { timeout: 120_000 }).toBeGreaterThan(9);
  await page.reload();
  await page.getByTestId("cut-off").getByRole("button").first().click();
  await expect.poll(() => stepOf(page), { timeout: 120_000 }).toBeGreaterThan(15);
  await page.getByTestId("stop").click();
  await over(page);
  await page.close();
});

test.each([1280, 400])("%i pixels wide: no violations that axe knows", { timeout: 120_000 }, async (width) => {
  const page = await open();
  // A colour on its way from light to dark is no colour of the page.
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.setViewportSize({ width, height: 900 });
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  const rows = page.getByTestId("kept-run");
  await expect.poll(() => rows.count()).toBeGreaterThan(2);
  await rows.first().getByRole("button", { name: /More/ }).click();
  for (const i of [1, 2]) await rows.nth(i).getByRole("checkbox").check();
  await page.getByTestId("compare-runs").getByRole("grid").waitFor();
  await page.locator(".compare .recharts-line-curve").first().waitFor({ state: "attached" });
  expect(await violations(page)).toEqual([]);
  // Nothing is wider than the page.
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  await rows.first().getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Undo" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => page.getByRole("button", { name: "Undo" }).count()).toBe(0);
  await page.close();
});
