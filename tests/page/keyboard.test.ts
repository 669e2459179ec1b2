// keyboard.test.ts — the built page in a real Chromium by the keyboard alone: on every page Tab comes to all that can be pressed, the focus shows and is not
// covered; and what the list under ? says is so.
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { builtPage } from "../harness/built-page.ts";

const open = builtPage();
const hash = "#train.steps=400&train.eval_every=0&train.samples_every=0&train.eval_rows=2&train.batch_size=2&target_modules=v_proj";
const state = (page: Page) => page.locator(".run").textContent();
const step = async (page: Page): Promise<number> => Number(await page.getByTestId("step-value").textContent());

/** Tabs once around. Controls that Tab never came to, and stops whose focus does not show or is covered. */
async function walked(page: Page): Promise<string[]> {
  await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    document.documentElement.dataset.stops = "0";
  });
  const wrong: string[] = [];
  for (let i = 0; i < 250; i++) {
    await page.keyboard.press("Tab");
    const said = await page.evaluate(() => {
      const at = document.activeElement as HTMLElement | null;
      if (!at || at === document.body) return "outside";
      if (at.dataset.stop) return "round";
      at.dataset.stop = "1";
      const { x, y, width, height } = at.getBoundingClientRect();
      const style = getComputedStyle(at);
      const shows = (style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
      const name = `${at.tagName.toLowerCase()} “${(at.getAttribute("aria-label") ?? at.textContent ?? "").trim().slice(0, 40)}”`;
      if (!shows) return `${name} does not show its focus`;
      const middle = [x + width / 2, y + Math.min(height, innerHeight) / 2];
      const there = document.elementFromPoint(middle[0], middle[1]);
      return there && (at.contains(there) || there.contains(at)) ? "" : `${name} is covered`;
    });
    if (said === "round") break;
    if (said !== "" && said !== "outside") wrong.push(said);
  }
  const missed = await page.evaluate(() => {
    const pressed = "button, a[href], input, select, textarea, summary, [tabindex='0']";
    const missing = [...document.querySelectorAll<HTMLElement>(pressed)].filter(
      (one) => one.checkVisibility({ visibilityProperty: true }) && !one.dataset.stop && one.tabIndex >= 0 && !one.matches(":disabled"),
    );
    // Of a group of radio buttons Tab comes to the chosen one.
    const names = missing.filter((one) => !one.matches("input[type=radio]")).map((one) => `${one.outerHTML.slice(0, 80)} is never reached`);
    document.querySelectorAll<HTMLElement>("[data-stop]").forEach((one) => delete one.dataset.stop);
    return names;
  });
  return [...wrong, ...missed];
}

test("Tab comes to everything, and the focus can be seen", async () => {
  const { page, said } = await open(`?backend=wasm${hash.replace("400", "3")}`, { viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
  const train = page.getByTestId("train").and(page.locator(":enabled"));
  await page.evaluate(() => document.querySelectorAll<HTMLElement>("main summary").forEach((one) => one.checkVisibility() && one.click()));
  await train.waitFor();
  expect(await walked(page), "before a run").toEqual([]);
  for (const _ of [1, 2]) {
    await train.click();
    await page.getByTestId("export").waitFor();
    await train.waitFor({ timeout: 60_000 });
  }
  expect(await walked(page), "after it").toEqual([]);
  // Play and the slider after it stand behind the page's head: the slider comes out when it gets the focus.
  await page.getByRole("button", { name: "Play" }).evaluate((play) => {
    scrollBy(0, play.getBoundingClientRect().top - 10);
    play.focus({ preventScroll: true });
  });
  await page.keyboard.press("Tab");
  const head = await page.locator(".top").evaluate((one) => one.getBoundingClientRect().bottom);
  const slider = page.getByRole("slider", { name: "Step" }).and(page.locator(":focus"));
  expect(await slider.evaluate((one) => one.getBoundingClientRect().top)).toBeGreaterThan(head);
  for (const name of ["Runs", "Compare", "Learn", "Device"]) {
    await page.getByRole("link", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1 }).waitFor();
    if (name === "Runs") {
      await page.getByRole("checkbox").first().waitFor();
      await page.getByRole("button", { name: /^More about/ }).first().press("Enter"); // prettier-ignore
      for (const box of await page.getByTestId("kept-run").getByRole("checkbox").all()) await box.press("Space");
      await page.getByTestId("compare-runs").getByRole("grid").waitFor();
    }
    if (name === "Compare") {
      await page.getByTestId("new-comparison").and(page.locator(":enabled")).press("Enter");
      await page.getByTestId("start-comparison").and(page.locator(":enabled")).waitFor({ timeout: 60_000 });
    }
    expect(await walked(page), name).toEqual([]);
  }
  expect(said).toEqual([]);
  await page.context().close();
});

test("what the list under ? says is so", async () => {
  const { page } = await open(`?backend=wasm${hash}`);
  await page.getByTestId("train").and(page.locator(":enabled")).waitFor();
  const { keyboard } = page;
  // From a button too: it has no use for the key.
  await page.getByTestId("save-settings").focus();
  await keyboard.press("?");
  const list = page.getByRole("dialog", { name: "Keyboard" });
  await list.waitFor();
  await keyboard.press("Control+Enter");
  await keyboard.press("Escape");
  await list.waitFor({ state: "hidden" });
  expect(await page.getByTestId("train").textContent()).toBe("▶ Train");

  const field = page.getByLabel("Steps", { exact: true });
  await field.focus();
  await keyboard.press("ArrowUp");
  expect(Number(await field.inputValue())).toBeGreaterThan(400);
  await keyboard.type("?");
  expect(await list.isVisible()).toBe(false);
  await keyboard.press("Backspace");

  const cell = (row: number, column: number) => page.locator(`[data-cell="${row},${column}"]`);
  const at = () => page.evaluate(() => (document.activeElement as HTMLElement).dataset.cell);
  await cell(0, 0).focus();
  for (const [key, place] of [
    ["ArrowRight", "0,1"],
    ["ArrowDown", "1,1"],
    ["End", "1,6"],
    ["Home", "1,0"],
    ["PageDown", "5,0"],
    ["PageUp", "0,0"],
    ["ArrowDown", "1,0"],
  ]) {
    // prettier-ignore
    await keyboard.press(key);
    expect(await at(), key).toBe(place);
  }
  await keyboard.press("4");
  await page.getByRole("dialog").waitFor();
  await keyboard.press("Enter");
  await expect.poll(() => cell(1, 0).textContent()).toBe("4");
  await keyboard.press("Escape");
  await keyboard.press("Control+z");
  await expect.poll(() => cell(1, 0).textContent()).not.toBe("4");
  await keyboard.press("Control+y");
  await expect.poll(() => cell(1, 0).textContent()).toBe("4");
  const ranks = page.getByRole("radio", { name: "rank", exact: true });
  await ranks.focus();
  await keyboard.press("ArrowRight");
  expect(await ranks.getAttribute("aria-checked")).toBe("false");

  await keyboard.press("Control+Enter");
  await expect.poll(() => step(page), { timeout: 60_000 }).toBeGreaterThan(0);
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await keyboard.press("Space");
  await expect.poll(() => state(page)).toContain("Resume");
  // On another page Space scrolls, and a point does nothing.
  await page.getByRole("link", { name: "Learn", exact: true }).press("Enter");
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await keyboard.press("Space");
  await keyboard.press("?");
  await list.waitFor();
  await keyboard.press("Escape");
  await page.goBack();
  expect(await state(page)).toContain("Resume");
  let held = -1;
  await expect.poll(async () => held === (held = await step(page)), { timeout: 30_000, interval: 1000 }).toBe(true); // prettier-ignore
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await keyboard.press(".");
  await expect.poll(() => step(page), { timeout: 30_000 }).toBe(held + 1);
  await expect.poll(() => state(page)).toContain("Resume");
  await keyboard.press("Space");
  await expect.poll(() => step(page), { timeout: 30_000 }).toBeGreaterThan(held + 2);
  await page.context().close();
});
