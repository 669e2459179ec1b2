// compare-file.test.ts — a comparison on one's own files, on the built page in a real Chromium: after a reload it goes on without being given them again.
import { expect, test } from "vitest";
import { builtPage } from "../harness/built-page.ts";

const open = builtPage();
const settings = "#train.steps=2&train.batch_size=2&train.eval_rows=4&train.warmup_steps=0&train.eval_every=0&data.max_length=32";
const rows = (n: number): Buffer =>
  Buffer.from(Array.from({ length: n }, (_, i) => JSON.stringify({ prompt: `Tim had ${i} hats. Q: How many? A:`, completion: ` ${i}.` })).join("\n"));

test("rows, and rows to evaluate on, are there after a reload", { timeout: 300_000 }, async () => {
  const { page, said } = await open(`?backend=wasm${settings}`);
  const give = async (title: string, name: string, buffer: Buffer): Promise<void> => {
    const chooser = page.waitForEvent("filechooser");
    await page.locator(".field-head", { has: page.getByText(title, { exact: true }) }).getByRole("button", { name: "Open file…" }).click(); // prettier-ignore
    await (await chooser).setFiles({ name, mimeType: "application/jsonl", buffer });
  };
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor();
  await give("Data", "hats.jsonl", rows(24));
  await page.getByText("More settings").click();
  await give("Evaluation data", "more-hats.jsonl", rows(4));
  await expect.poll(() => page.getByTestId("data-preview").textContent(), { timeout: 60_000 }).toContain("24 rows to train on, 4 held out");

  await page.getByRole("link", { name: "Compare" }).click();
  await page.getByTestId("new-comparison").and(page.locator(":enabled")).click({ timeout: 60_000 });
  const ready = () => page.getByTestId("start-comparison").and(page.locator(":enabled")).waitFor({ timeout: 60_000 });
  await ready();
  await page.getByTestId("start-comparison").click();
  await expect.poll(() => page.getByTestId("comparison-runs").textContent(), { timeout: 120_000 }).toMatch(/\d %/);
  await page.reload();
  await ready();
  await page.getByTestId("start-comparison").click();
  await expect.poll(() => page.getByTestId("comparison-table").count(), { timeout: 120_000 }).toBe(1);
  const files = () =>
    page.evaluate(async () => {
      const names: string[] = [];
      for await (const name of (await (await navigator.storage.getDirectory()).getDirectoryHandle("given")).keys()) names.push(name);
      return names.sort();
    });
  expect(await files()).toEqual(["_hats.jsonl", "_more-hats.jsonl"]);
  expect(said).toEqual([]);
  await page.context().close();
});
