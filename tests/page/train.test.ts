// train.test.ts — the built page in a real Chromium: press Train on the bundled model, watch, pause, step, go on, ask, stop, export.

import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { readAdapter } from "../../src/formats/peft.ts";
import { readZip } from "../../src/formats/zip.ts";
import type { TrainEvent } from "../../src/protocol.ts";
import { builtPage } from "../harness/built-page.ts";

const built = builtPage();

async function open(hash: string): ReturnType<typeof built> {
  const opened = await built(hash);
  const { page } = opened;
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor();
  return opened;
}

const step = async (page: Page): Promise<number> => Number(await page.getByTestId("step-value").textContent());
const reaches = (page: Page, n: number): Promise<unknown> => expect.poll(() => step(page), { timeout: 200_000, interval: 250 }).toBeGreaterThanOrEqual(n);

/** Downloads the export and returns its files. */
async function exported(page: Page): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const download = page.waitForEvent("download");
  await page.getByTestId("export").click();
  return readZip(new Uint8Array(await readFile(await (await download).path())));
}

const events = (zip: Map<string, Uint8Array>): TrainEvent[] =>
  new TextDecoder()
    .decode(zip.get("events.jsonl"))
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TrainEvent);

test("a run from Train to an adapter that opens", async () => {
  const { page, said } = await open("#train.steps=20&train.eval_every=0&train.samples_every=0&train.eval_rows=20&train.batch_size=4");
  await page.getByTestId("train").click();
  await reaches(page, 20);
  await expect.poll(() => page.getByTestId("train").isEnabled(), { timeout: 120_000 }).toBe(true);
  expect(Number(await page.getByTestId("loss-value").textContent())).toBeLessThan(3);

  const zip = await exported(page);
  const log = events(zip);
  const evaluations = log.filter((e) => e.type === "evaluation");
  expect(evaluations.map((e) => e.step)).toEqual([0, 20]);
  expect(evaluations[1].loss).toBeLessThan(0.7 * evaluations[0].loss);
  const samples = log.filter((e) => e.type === "sample");
  const tuned = samples.filter((s) => s.which === "tuned").map((s) => s.text);
  expect(tuned).toHaveLength(4);
  expect(tuned).not.toEqual(samples.filter((s) => s.which === "base").map((s) => s.text));
  expect(log.filter((e) => e.type === "step").map((e) => e.step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(
    log
      .filter((e) => e.type === "sites")
      .at(-1)!
      .deltaNorm.every((n) => n > 0),
  ).toBe(true);

  const folder = new Map([...zip].filter(([name]) => name.startsWith("adapter/")).map(([name, bytes]) => [name.slice("adapter/".length), bytes]));
  const adapter = await readAdapter(folder);
  expect(adapter.modules.size).toBe(42);
  expect([...zip.keys()].sort()).toEqual(expect.arrayContaining(["README.md", "config.json", "metrics.csv", "ranks.csv"]));
  expect(said).toEqual([]);
  await page.close();
});

test("pause, one step, go on, stop; the export holds what was trained", async () => {
  const { page, said } = await open("#train.steps=500&train.eval_every=0&train.samples_every=0&train.eval_rows=4&train.batch_size=2&target_modules=v_proj");
  await page.getByTestId("train").click();
  await reaches(page, 2);
  await page.getByTestId("pause").click();
  await page.getByTestId("step").waitFor();
  // Steps that were in flight arrive; then nothing moves.
  let held = -1;
  await expect.poll(async () => held === (held = await step(page)), { timeout: 60_000, interval: 3000 }).toBe(true); // prettier-ignore
  await page.getByTestId("step").click();
  await expect.poll(() => step(page), { timeout: 60_000 }).toBe(held + 1);
  await page.getByTestId("resume").click();
  await reaches(page, held + 3);
  await page.getByTestId("stop").click();
  await expect.poll(() => page.getByTestId("train").isEnabled(), { timeout: 60_000 }).toBe(true);
  const zip = await exported(page);
  expect(events(zip).at(-1)).toMatchObject({ type: "state", state: "stopped" });
  expect(said).toEqual([]);
  await page.close();
});
