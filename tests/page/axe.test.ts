// axe.test.ts — the built page before, during and after a run, a cell's popover and the Device page: no violation that axe knows, light, dark and in
// forced colours, wide and narrow; and nothing said on the console.
import { expect, test } from "vitest";
import { violations } from "../harness/axe.ts";
import { builtPage } from "../harness/built-page.ts";

const open = builtPage();

/** Long enough to be stopped, quick enough to begin: few rows, one module. */
const hash = "#train.steps=500&train.eval_every=0&train.samples_every=0&train.eval_rows=2&train.batch_size=2&target_modules=v_proj";

test.each([1280, 400])("%i pixels wide: no violations from the first look to the Device page", async (width) => {
  const { page, said } = await open(hash, { viewport: { width, height: 800 }, reducedMotion: "reduce" });
  const train = page.getByTestId("train");
  await train.and(page.locator(":enabled")).waitFor();
  await page.locator(".loss-chart").waitFor({ state: "attached" });
  // All that is folded, open.
  await page.evaluate(() =>
    document.querySelectorAll<HTMLElement>("main .presets > summary, main .more > summary, main .info").forEach((one) => one.checkVisibility() && one.click()),
  );
  await page.getByTestId("allocation").check();
  await page.evaluate(() =>
    document.querySelectorAll<HTMLElement>("main .allocation summary, main .allocation .info").forEach((one) => one.checkVisibility() && one.click()),
  );
  expect(await violations(page)).toEqual([]);
  await page.getByTestId("allocation").uncheck();

  await page.locator('[data-cell="2,2"]').click();
  await page.getByRole("dialog").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Escape");

  await train.click();
  await page.getByTestId("pause").and(page.locator(":enabled")).click();
  await page.getByTestId("step").click();
  await expect.poll(async () => Number(await page.getByTestId("step-value").textContent()), { timeout: 60_000 }).toBeGreaterThan(0);
  expect(await violations(page)).toEqual([]);

  await page.getByTestId("stop").click();
  await expect.poll(() => train.isEnabled(), { timeout: 60_000 }).toBe(true);
  await page.getByRole("button", { name: "Table" }).click();
  expect(await violations(page)).toEqual([]);

  await page.getByRole("link", { name: "Device", exact: true }).click();
  await page.getByRole("heading", { name: "This device" }).waitFor();
  expect(await violations(page)).toEqual([]);
  expect(said).toEqual([]);
  await page.context().close();
});
