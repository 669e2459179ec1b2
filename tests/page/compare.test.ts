// compare.test.ts — the Compare page on the built page in a real Chromium: a comparison made from the settings, run, cut off by a reload, gone on with,
// and saved. Real runs of the bundled model, a few steps each.
import { readFileSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { unzipSync } from "fflate";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { armRun } from "../ui/kept-comparisons.ts";
import { parseComparison } from "../../src/train/compare.ts";
import { builtPage } from "../harness/built-page.ts";

const open = builtPage();
const settings = "#data.limit=24&train.steps=3&train.batch_size=2&train.eval_rows=6&train.warmup_steps=0&train.eval_every=0";
const violations = async (page: Page) => (await new AxeBuilder({ page }).analyze()).violations.map((v) => [v.id, v.nodes.map((n) => n.html)]);
const ready = (page: Page) => page.getByTestId("start-comparison").and(page.locator(":enabled")).waitFor({ timeout: 60_000 });
const wide = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

test("two arms, two seeds: started, reloaded in the middle, gone on with, saved", async () => {
  const { page, said } = await open(`?page=compare&backend=wasm${settings}`, { reducedMotion: "reduce" });
  await page.getByTestId("new-comparison").and(page.locator(":enabled")).click({ timeout: 60_000 });
  await ready(page);
  const arms = page.getByTestId("arm");
  expect(await arms.count()).toBe(5);
  for (const name of ["uniform r = 2", "static grad-norm", "dynamic grad-norm", "dynamic with shortcuts"])
    await expect.poll(() => arms.filter({ hasText: name }).textContent()).toContain("9,216 numbers");
  expect(await violations(page)).toEqual([]);

  // By keyboard: an arm is opened, and taken out.
  for (const name of ["full fine-tuning", "dynamic with shortcuts", "static grad-norm"]) {
    await page.getByLabel(`More about ${name}`).focus();
    await page.keyboard.press("Enter");
    await page.getByLabel(`Remove ${name}`).focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => arms.filter({ hasText: name }).count()).toBe(0);
  }
  await page.getByTestId("comparison-seeds").fill("0, 0");
  expect(await page.getByTestId("comparison-seeds").getAttribute("aria-invalid")).toBe("true");
  await page.getByTestId("comparison-seeds").fill("0, 1");
  await expect.poll(() => page.getByTestId("start-comparison").textContent()).toContain("Start 4 runs");
  await ready(page);

  // An arm that trains more than the others is told before anything runs.
  await page.getByLabel("More about dynamic grad-norm").click();
  const json = page.getByLabel("What differs, as JSON");
  const written = await json.inputValue();
  await json.fill(written.replace('"modules": 3', '"modules": 4'));
  await expect
    .poll(() => page.getByRole("alert").allTextContents(), { timeout: 20_000 })
    .toEqual([expect.stringMatching(/12,288 numbers .* more than 1 % apart/)]);
  expect(await page.getByTestId("start-comparison").isDisabled()).toBe(true);
  await json.fill(written);
  await ready(page);

  await page.getByTestId("start-comparison").click();
  await expect.poll(() => page.title(), { timeout: 20_000 }).toMatch(/^[0-3]\/4 runs · Rankscope$/);
  const cells = () => page.getByTestId("comparison-runs").locator("td").allTextContents();
  await expect.poll(async () => (await cells()).filter((text) => /\d %/.test(text)).length, { timeout: 120_000 }).toBeGreaterThanOrEqual(1);
  await expect.poll(() => page.getByTestId("comparison-table").count(), { timeout: 120_000 }).toBe(1);
  // The other pages know.
  await page.getByRole("link", { name: "Train" }).click();
  expect(await page.getByTestId("train").isDisabled()).toBe(true);
  await page.reload();
  await page.getByRole("link", { name: "Compare" }).click();
  await expect.poll(() => page.getByTestId("start-comparison").textContent(), { timeout: 60_000 }).toMatch(/Go on: [1-3] runs? left/);
  await ready(page);
  await page.getByTestId("start-comparison").click();
  await expect.poll(() => page.getByText("All runs are there.").count(), { timeout: 180_000 }).toBe(1);

  const table = page.getByTestId("comparison-table").locator("tbody tr");
  expect(await table.count()).toBe(2);
  for (const row of await table.all()) expect(await row.locator("td").first().textContent()).toBe("2");
  expect(await page.getByTestId("verdicts").textContent()).toMatch(/dynamic grad-norm: .*against uniform r = 2 over 2 seeds: too few for a verdict/);
  expect(await page.locator(".comparison-plot circle title").count()).toBe(4);

  const download = page.waitForEvent("download");
  await page.getByTestId("export-comparison").click();
  const files = unzipSync(readFileSync(await (await download).path()));
  const { summary, runs } = JSON.parse(new TextDecoder().decode(files["results.json"])) as {
    summary: { finished: number };
    runs: { result: { steps: number } }[];
  };
  expect(summary.finished).toBe(4);
  expect(runs.map((run) => run.result.steps)).toEqual([3, 3, 3, 3]);
  expect(Object.keys(files).filter((name) => name.endsWith(".events.jsonl"))).toHaveLength(4);

  // One more seed: what is there stays.
  await page.getByTestId("one-more-seed").click();
  await expect.poll(() => page.getByTestId("start-comparison").textContent()).toContain("Go on: 2 runs left");

  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByText("No comparison yet.").waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByTestId("comparison-table").waitFor();
  expect(said).toEqual([]);
  await page.context().close();
});

test.each([
  [1280, "light"],
  [1280, "dark"],
  [400, "light"],
  [400, "dark"],
] as const)("results of five seeds from a file, %i px, %s", async (width, colorScheme) => {
  const { page, said } = await open("?page=compare&backend=wasm", { viewport: { width, height: 900 }, colorScheme, reducedMotion: "reduce" });
  const json = JSON.parse(readFileSync("examples/compare-small.json", "utf8")) as object;
  const comparison = parseComparison({ ...json, seeds: [0, 1, 2, 3, 4] });
  const runs = comparison.arms.flatMap((arm) => comparison.seeds.map((seed) => armRun(comparison, arm.name, seed)));
  const buffer = Buffer.from(JSON.stringify({ comparison, runs }));
  await page.getByTestId("open-comparison").setInputFiles({ name: "results.json", mimeType: "application/json", buffer });
  await page.getByTestId("comparison-table").waitFor({ timeout: 60_000 });
  expect(await page.getByTestId("verdicts").textContent()).toMatch(/dynamic grad-norm is above uniform r = 2 by .* 95 % interval .* noise\./);
  expect(await page.locator(".comparison-plot line.reference").count()).toBe(2); // across the arms, and in the legend
  expect(await page.locator(".comparison-plot .strip:not(.outside) line.interval").count()).toBe(3); // two arms, and the legend
  await expect.poll(() => page.getByText("All runs are there.").count()).toBe(1);
  expect(await wide(page)).toBeLessThanOrEqual(0);
  expect(await violations(page)).toEqual([]);
  expect(said).toEqual([]);
  await page.context().close();
});

test("a file that is no comparison is told, and nothing is lost", async () => {
  const { page } = await open("?page=compare&backend=wasm");
  const give = (text: string) =>
    page.getByTestId("open-comparison").setInputFiles({ name: "odd.json", mimeType: "application/json", buffer: Buffer.from(text) });
  await page.getByTestId("new-comparison").waitFor();
  await give("{");
  await expect.poll(() => page.getByRole("alert").first().textContent()).toContain("is not JSON");
  await give('{ "arms": [] }');
  await expect.poll(() => page.getByRole("alert").first().textContent()).toContain("must be a list of 1 to");
  await page.context().close();
});
