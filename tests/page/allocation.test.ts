// allocation.test.ts — the allocation pictures of the built page, on the bundled model, by keyboard alone: scores side by side, one of them taken over, a
// run whose ranks begin another, the difference of the two, and the files of all that.
import { readFile } from "node:fs/promises";
import { AxeBuilder } from "@axe-core/playwright";
import type { Locator, Page } from "playwright";
import { expect, test } from "vitest";
import { builtPage } from "../harness/built-page.ts";

const open = builtPage();
const allocation = JSON.stringify({ when: "dynamic", realloc_N: 0.5, batches: 2, budget: { modules: 4 } });
const address =
  "?backend=wasm#train.steps=4&train.eval_every=0&train.samples_every=0&train.eval_rows=2&train.batch_size=2&data.limit=8&target_modules=q_proj,v_proj&allocation=" +
  encodeURIComponent(allocation);

/** Presses a key on something, as one does who has no pointer. */
const press = async (what: Locator, key = "Enter"): Promise<void> => {
  await what.and(what.page().locator(":enabled, [tabindex]")).waitFor({ timeout: 60_000 });
  await what.focus();
  await what.page().keyboard.press(key);
};
const saved = async (page: Page, link: Locator): Promise<string[]> => {
  const download = page.waitForEvent("download");
  await press(link);
  return (await readFile(await (await download).path(), "utf8")).trimEnd().split("\r\n");
};
const trained = async (page: Page): Promise<void> => {
  await press(page.getByTestId("train"));
  await expect.poll(() => page.getByTestId("step-value").textContent(), { timeout: 120_000 }).toBe("4");
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor({ timeout: 60_000 });
};
const texts = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allTextContents();

test.each([
  [1280, "light"],
  [400, "dark"],
] as const)("%i pixels wide, %s: scores compared, ranks taken over, runs compared", async (width, colorScheme) => {
  const { page, said } = await open(address, { viewport: { width, height: 900 }, reducedMotion: "reduce", colorScheme, acceptDownloads: true });
  const violations = async () => (await new AxeBuilder({ page }).analyze()).violations.map(({ id, nodes }) => `${id} ${nodes[0].target.join(" ")}`);
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor({ timeout: 60_000 });

  await press(page.getByTestId("choose-proxies"));
  await page.getByTestId("proxies-cost").waitFor({ timeout: 60_000 });
  const cost = (await page.getByTestId("proxies-cost").textContent())!;
  expect(cost).toMatch(/^9 scores: \d+ passes, [\d.]+ GFLOP/);
  expect(await page.getByRole("checkbox", { name: /^Alpha test/ }).isChecked()).toBe(false);
  await press(page.getByTestId("score-all"));
  await page.getByTestId("agreement").waitFor({ timeout: 200_000 });
  expect(await texts(page, ".proxy-map figcaption")).toHaveLength(8);
  const places = (await texts(page, ".proxy-map:first-child tbody td:not(.off)")).map(Number);
  expect(places.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const matrix = await texts(page, ".agreement tbody tr:first-child td");
  expect(matrix.filter((cell) => /^(0|1|−0|−1)\.\d\d$/.test(cell))).toHaveLength(6);
  expect(matrix.at(-1)).toBe("–");
  expect(await page.locator(".figure-line").textContent()).toMatch(/Jacobian covariance.*-?\d/);
  expect(await violations()).toEqual([]);
  const scores = await saved(page, page.getByRole("button", { name: "scores as CSV" }));
  expect(scores).toHaveLength(13);
  expect(scores[0].split(",").slice(0, 5)).toEqual(["site", "layer", "module", "grad-norm", "grad-norm_place"]);
  expect(await saved(page, page.getByRole("button", { name: "agreement as CSV" }))).toHaveLength(9);

  await press(page.locator(".proxy-map button", { hasText: "Weight magnitude" }));
  await expect.poll(() => page.getByLabel("Score", { exact: true }).inputValue()).toBe("magnitude");
  await expect.poll(() => page.locator(".heatmap .cell.hollow").count(), { timeout: 20_000 }).toBe(8);
  await press(page.getByTestId("undo"));
  await expect.poll(() => page.getByLabel("Score", { exact: true }).inputValue()).toBe("grad-norm");

  await trained(page);
  await press(page.locator(".scrubber input"), "Home");
  await page.getByText("up to step 0", { exact: true }).waitFor();
  const began = await page.locator(".heatmap .cell:not(.hollow, .off)").evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).dataset.cell));
  expect(began).toHaveLength(4);
  await press(page.getByTestId("use-ranks"));
  await expect.poll(() => page.getByTestId("allocation").isChecked()).toBe(false);
  const next = page.locator(".heatmap .cell:not(.off)");
  await expect.poll(() => next.evaluateAll((cells) => cells.map((cell) => (cell as HTMLElement).dataset.cell)), { timeout: 20_000 }).toEqual(began);
  await trained(page);
  const compare = page.getByTestId("compare-with");
  await expect.poll(() => compare.locator("option").count(), { timeout: 20_000 }).toBeGreaterThan(1);
  await compare.focus();
  await page.keyboard.press("ArrowDown");
  await page.getByText(/Blue: more in this run/).waitFor({ timeout: 20_000 });
  await press(page.getByRole("radio", { name: "‖ΔW‖", exact: true }), " ");
  const differences = await texts(page, ".heatmap .cell:not(.off)");
  expect(differences.length).toBeGreaterThanOrEqual(12);
  expect(differences.every((cell) => /^([+−][\d.]+|0)$/.test(cell))).toBe(true);
  expect(await violations()).toEqual([]);
  expect((await saved(page, page.getByRole("button", { name: "difference as CSV" })))[0]).toMatch(/^site,layer,module,rank_first,rank_second,rank_difference,/);
  await press(page.getByRole("button", { name: "Table" }));
  await page.getByRole("columnheader", { name: /this run$/ }).waitFor();
  expect(await violations()).toEqual([]);
  expect(said).toEqual([]);
  await page.context().close();
});
