// settings.test.ts — the built page in a real Chromium: the form saved as a file and opened again, by picker and by drop; forms to begin with; the way back and
// forth; a file of rows, of a comparison, and broken ones.
import { readFile } from "node:fs/promises";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { newRecord } from "../../src/session/records.ts";
import { zipRuns } from "../../src/session/run-zip.ts";
import { firstRun, parseConfig } from "../../src/train/config.ts";
import { builtPage, type Opened } from "../harness/built-page.ts";

const built = builtPage();
const open = (page: Page, name: string, content: string | Uint8Array) =>
  page.getByTestId("open-settings").setInputFiles({ name, mimeType: "", buffer: Buffer.from(content as string) });
const drop = (page: Page, name: string, content: string) =>
  page.evaluate(
    ([file, text]) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], file));
      dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true }));
    },
    [name, content],
  );
const steps = (page: Page) => page.getByLabel("Steps", { exact: true }).inputValue();
const told = (page: Page) => page.getByRole("alert").first().textContent();
const ready = async (opening: Promise<Opened>): Promise<Opened> => {
  const opened = await opening;
  await opened.page.getByTestId("train").and(opened.page.locator(":enabled")).waitFor();
  return opened;
};

test("saved, opened by picker and by drop, taken back and made again", async () => {
  const { page, said } = await ready(built("?backend=wasm#r=4&train.steps=33"));
  const download = page.waitForEvent("download");
  await page.getByTestId("save-settings").click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("tales-qa-lora.json");
  const written = await readFile(await file.path(), "utf8");
  const config = parseConfig(JSON.parse(written));
  expect(config).toEqual({ ...firstRun, r: 4, backend: "wasm", train: { ...firstRun.train, steps: 33 } });

  await open(page, "nine.json", JSON.stringify({ ...config, r: 2, train: { ...config.train, steps: 9 } }));
  await expect.poll(() => steps(page)).toBe("9");
  await expect.poll(() => new URL(page.url()).hash).toBe("#r=2&train.steps=9");
  // Outside of a text field the keys are the form's.
  await page.getByTestId("save-settings").focus();
  await page.keyboard.press("Control+z");
  await expect.poll(() => steps(page)).toBe("33");
  await page.keyboard.press("Control+Shift+z");
  await expect.poll(() => steps(page)).toBe("9");
  await page.getByRole("button", { name: "Undo: settings of nine.json" }).click();
  await expect.poll(() => steps(page)).toBe("33");
  await page.getByRole("button", { name: "Redo: settings of nine.json" }).click();
  await drop(page, "tales-qa-lora.json", written);
  await expect.poll(() => steps(page)).toBe("33");
  expect(await page.getByTestId("data-select").inputValue()).toBe("bundled:tales-qa");

  const run = { record: newRecord("0", "calm otter", { ...config, r: 3 }), events: [], states: {} };
  await open(page, "calm-otter.zip", zipRuns([run]));
  await expect.poll(() => page.getByLabel("Rank r", { exact: true }).inputValue()).toBe("3");

  // Rows that are JSON go where rows go.
  await drop(page, "rows.json", JSON.stringify([{ prompt: "Q: a?", completion: " b" }, { prompt: "Q: c?", completion: " d" }])); // prettier-ignore
  await expect.poll(() => page.getByTestId("data-select").inputValue()).toBe("file:rows.json");
  expect(await page.getByRole("alert").count()).toBe(0);
  expect(said).toEqual([]);
  await page.context().close();
});

test("what is no settings, or has a mistake in them, is told, and the form stays as it was", async () => {
  const { page } = await ready(built("?backend=wasm#train.steps=33"));
  await open(page, "odd.json", '{ "r": 4, "train": { "lr": 1 } }');
  await expect.poll(() => told(page)).toMatch(/is not a field of a configuration \(odd.json, train.lr\) Known here: steps, /);
  for (const [name, content, message] of [
    ["type.json", '{ "r": "four" }', /must be a whole number from 1 to 1024, it is "four" \(type.json, r\)/],
    ["rows.json", '[{ "prompt": "a", "completion": "b" }]', /rows.json holds no settings\. .*Rows to train on are opened beside Data/],
    ["compare.json", await readFile("examples/compare-small.json", "utf8"), /is a comparison \(compare.json, configuration\) The Compare page opens it/],
    ["run.zip", "PK", /is not a zip.*\(run.zip\)/],
  ] as const) {
    await page.getByRole("button", { name: "Dismiss" }).click();
    await open(page, name, content);
    await expect.poll(() => told(page), { message: name }).toMatch(message);
  }
  await page.getByRole("button", { name: "Dismiss" }).click();
  await drop(page, "dropped.json", await readFile("examples/compare-small.json", "utf8"));
  await expect.poll(() => told(page)).toMatch(/is a comparison \(dropped.json, configuration\)/);
  expect(await steps(page)).toBe("33");
  expect(await page.getByTestId("undo").count()).toBe(0);
  await page.context().close();
});

test.each([1280, 400])("%i px: a form to begin with, by keyboard; reset is taken back", async (width) => {
  const { page, said } = await ready(built("?backend=wasm#train.steps=33", { viewport: { width, height: 800 }, reducedMotion: "reduce" }));
  await page.getByText("You could begin with…").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  const low = page.getByRole("button", { name: "A low rank everywhere", exact: true });
  expect(await low.evaluate((one) => one === document.activeElement)).toBe(true);
  await page.keyboard.press("Enter");
  await expect.poll(() => steps(page)).toBe("150");
  expect(await page.getByLabel("Rank r", { exact: true }).inputValue()).toBe("2");
  expect(await low.getAttribute("aria-pressed")).toBe("true");
  expect(new URL(page.url()).searchParams.get("backend")).toBe("wasm");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  await page.getByRole("button", { name: "Reset all" }).click();
  await expect.poll(() => page.getByLabel("Rank r", { exact: true }).inputValue()).toBe("8");
  await page.getByRole("button", { name: "Undo: all reset" }).click();
  await page.getByRole("button", { name: "Undo: A low rank everywhere" }).click();
  await expect.poll(() => steps(page)).toBe("33");
  expect(said).toEqual([]);
  await page.context().close();
});

test("Train and Score wait for the first word on the settings", async () => {
  const allocation = encodeURIComponent(JSON.stringify({ batches: 2 }));
  const { page } = await ready(built(`?backend=wasm#allocation=${allocation}`));
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  await page.context().route("**/models/**", async (route) => {
    await held;
    await route.continue();
  });
  await page.reload();
  const train = page.getByTestId("train");
  await expect.poll(() => train.textContent()).toBe("Checking…");
  expect([await train.isEnabled(), await page.getByTestId("score").isEnabled()]).toEqual([false, false]);
  await page.keyboard.press("Control+Enter");
  expect(await train.textContent()).toBe("Checking…");
  release();
  await page.getByTestId("score").and(page.locator(":enabled")).waitFor();
  expect(await train.textContent()).toBe("▶ Train");
  await page.context().close();
});
