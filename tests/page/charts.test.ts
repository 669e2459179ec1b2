// charts.test.ts — the curves of a real run in a real Chromium: looked at nearer, followed, over time and tokens, and saved as files that open.

import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { builtPage } from "../harness/built-page.ts";

const built = builtPage();

const saved = async (page: Page, name: string): Promise<Buffer> => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name, exact: true }).click()]);
  return readFile(await download.path());
};
const ticks = async (page: Page): Promise<string[]> => page.locator(".loss .recharts-xAxis-tick-labels text").allTextContents();

/** Width and height of a PNG, from its header. */
const sizeOf = (png: Buffer): number[] => [png.readUInt32BE(16), png.readUInt32BE(20)];

test("nearer, followed, over time and tokens; CSV, SVG and PNG", async () => {
  const { page, said } = await built("?backend=wasm#train.steps=60&train.eval_every=20&train.eval_rows=8&train.samples_every=0&train.batch_size=2");
  await page.getByTestId("train").and(page.locator(":enabled")).click();
  const loss = page.locator("#loss");
  await expect.poll(async () => Number(await page.getByTestId("step-value").textContent()), { timeout: 120_000 }).toBeGreaterThan(4);
  expect(await ticks(page)).toEqual(["0", "10", "20", "30", "40", "50", "60"]);
  await loss.getByRole("checkbox", { name: "follow" }).check();
  await expect.poll(async () => page.getByTestId("train").isEnabled(), { timeout: 120_000 }).toBe(true);
  // The last quarter, whose end moved on to the last step.
  await expect.poll(async () => (await ticks(page)).at(-1)).toBe("60");
  expect((await ticks(page))[0]).toBe("45");
  await loss.getByRole("button", { name: "The whole curve" }).click();
  await expect.poll(async () => (await ticks(page))[0]).toBe("0");
  // What is drawn of the run is a moment behind it.
  await expect.poll(() => loss.getByRole("checkbox", { name: "follow" }).count()).toBe(0);

  const box = (await loss.locator(".curve-chart").boundingBox())!;
  const at = (share: number) => box.x + 48 + share * (box.width - 56);
  await page.mouse.move(at(0.5), box.y + 80);
  await page.mouse.down();
  await page.mouse.move(at(0.6), box.y + 90);
  await page.mouse.move(at(0.75), box.y + 90);
  await page.mouse.up();
  await expect.poll(() => ticks(page)).toEqual(["30", "35", "40", "45"]);
  await loss.getByRole("button", { name: "Later steps" }).click();
  await expect.poll(async () => (await ticks(page)).at(-1)).toBe("50");
  await page.mouse.dblclick(at(0.5), box.y + 80);
  await expect.poll(async () => (await ticks(page))[0]).toBe("0");

  await loss.getByRole("radio", { name: "time" }).click();
  await expect.poll(async () => (await ticks(page)).at(-1)).toMatch(/^([\d.]+ s|\d+:\d\d)$/);
  await loss.getByRole("radio", { name: "tokens" }).click();
  const csv = (await saved(page, "loss as CSV")).toString().trim().split("\r\n");
  expect(csv[0]).toBe("step,loss,learning_rate,grad_norm,tokens,time_ms,held_out_loss,held_out_metric");
  expect(csv.filter((line) => line.split(",")[1] !== "").length - 1).toBe(60);
  expect(csv.filter((line) => line.split(",")[6] !== "").length - 1).toBe(4);

  for (const [what, words] of [
    ["loss", ["learning rate", "gradient norm", "smoothed"]],
    ["ranks", ["layer", "gate", "norm"]],
    ["lengths", ["Row length in tokens"]],
  ] as const) {
    const svg = (await saved(page, `${what} as SVG`)).toString();
    const seen = await page.evaluate((markup) => {
      const document = new DOMParser().parseFromString(markup, "image/svg+xml");
      return { broken: document.querySelector("parsererror")?.textContent, texts: [...document.querySelectorAll("text")].map((one) => one.textContent), width: Number(document.documentElement.getAttribute("width")) }; // prettier-ignore
    }, svg);
    expect(seen.broken).toBeUndefined();
    expect(seen.texts).toEqual(expect.arrayContaining([...words]));
    expect(svg).not.toMatch(/var\(|light-dark\(|class=/);
    const png = await saved(page, `${what} as PNG`);
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(sizeOf(png)[0]).toBe(2 * seen.width);
    // Not an empty sheet: one colour would need a few hundred bytes.
    expect(png.length).toBeGreaterThan(4000);
  }
  // 42 places in their colours.
  const map = (await saved(page, "ranks as SVG")).toString();
  expect(new Set(map.match(/fill="rgb\([^"]+"/g)).size).toBeGreaterThan(10);
  expect(said).toEqual([]);
  await page.close();
});
