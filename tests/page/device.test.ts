// device.test.ts — the Device page of the built page in a real Chromium: its address and the way back, the choice of a backend, the benchmark begun and
// cancelled; and a Chromium without WebGPU, which trains all the same.
import { chromium, type Browser, type Page } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
import { browserFlags } from "../../scripts/find-browser.mjs";
import { builtPage } from "../harness/built-page.ts";
import { chromiumPath } from "../harness/chromium.ts";

const open = builtPage();
/** Without WebGPU. */
let plain: Browser;
beforeAll(async () => {
  plain = await chromium.launch({
    executablePath: chromiumPath(),
    headless: true,
    args: [...browserFlags.filter((flag) => !/gpu/.test(flag)), "--disable-features=WebGPU"],
  });
});
afterAll(() => plain?.close());

const search = (page: Page): string => new URL(page.url()).search;

test("the Device page has an address, the back button leaves it, and a backend chosen there stays in the link", async () => {
  const { page, said } = await open("?page=device#r=4");
  const title = page.getByRole("heading", { name: "This device" });
  await title.waitFor();
  await page.getByRole("link", { name: "Train", exact: true }).click();
  await page.getByTestId("train").waitFor();
  expect(await title.isVisible()).toBe(false);
  expect(new URL(page.url()).hash).toBe("#r=4");
  await page.goBack();
  await title.waitFor();
  expect(search(page)).toBe("?page=device");

  await page.getByRole("radio", { name: /^Reference/ }).check();
  await expect.poll(() => search(page)).toBe("?page=device&backend=reference");
  await page.reload();
  await expect.poll(() => page.getByRole("radio", { name: /^Reference/ }).isChecked(), { timeout: 20_000 }).toBe(true);
  await page.getByRole("radio", { name: /^automatic/ }).check();
  await expect.poll(() => search(page)).toBe("?page=device");
  expect(said).toEqual([]);
  await page.context().close();
});

test("a backend that is unknown is named, with those that are known", async () => {
  const { page } = await open("?backend=abacus");
  await expect.poll(() => page.getByRole("alert").first().textContent()).toContain('"abacus"; this page knows auto, webgpu');
  await page.context().close();
});

test("the benchmark tells its rows as they come, is cancelled, and copied", async () => {
  const { page, said } = await open("?page=device", { from: plain, permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByTestId("benchmark").click();
  const table = page.getByTestId("benchmark-table");
  await table.getByRole("table").first().waitFor({ timeout: 200_000 });
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect.poll(() => page.getByTestId("benchmark").isEnabled(), { timeout: 120_000 }).toBe(true);
  const cell = (await table.getByRole("row").nth(1).getByRole("cell").first().textContent())!.trim();
  expect(Number.parseFloat(cell)).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Copy as text" }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain(cell.split(" ")[0]);
  expect(said).toEqual([]);
  await page.context().close();
});

test("without WebGPU the page trains on WebAssembly, and says so", async () => {
  const { page, said } = await open("#train.steps=4&train.eval_rows=4&train.batch_size=2&train.samples_every=0&train.eval_every=0", { from: plain });
  await page.getByTestId("train").and(page.locator(":enabled")).click({ timeout: 60_000 });
  await expect.poll(() => page.getByTestId("step-value").textContent(), { timeout: 120_000 }).toBe("4");
  await expect.poll(() => page.getByTestId("train").isEnabled(), { timeout: 60_000 }).toBe(true);
  expect(await page.getByTestId("preflight").textContent()).toContain("WebAssembly · ");
  expect(said).toEqual([]);
  await page.context().close();
});
