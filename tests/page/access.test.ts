// access.test.ts — the built page in a real Chromium as those see it who need it larger or in their own colours: every page at 400 pixels and at 200 % zoom holds
// its width and cuts no control off; in forced colours, also against a theme chosen here, what is drawn stays and axe finds nothing.
import { readFileSync } from "node:fs";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { parseComparison } from "../../src/train/compare.ts";
import { violations } from "../harness/axe.ts";
import { builtPage } from "../harness/built-page.ts";
import { armRun } from "../ui/kept-comparisons.ts";

const open = builtPage();
const hash = "#train.steps=3&train.eval_every=0&train.samples_every=0&train.eval_rows=2&train.batch_size=2&target_modules=q_proj,v_proj";

/** What is wider than the page, out of it to a side, or narrower than its own words. */
const cutOff = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const scrolls = (one: Element): boolean => {
      for (let at = one.parentElement; at; at = at.parentElement) if (["auto", "scroll"].includes(getComputedStyle(at).overflowX)) return true;
      return false;
    };
    const found = [...document.querySelectorAll<HTMLElement>("button, a[href], input, select, textarea, summary, [role=gridcell]")].filter((one) => {
      const { left, right, width } = one.getBoundingClientRect();
      if (!one.checkVisibility() || width === 0) return false;
      const clipped = one.matches("button, a, summary") && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible";
      return clipped || (!scrolls(one) && (left < -0.5 || right > innerWidth + 0.5));
    });
    const wide = document.documentElement.scrollWidth - innerWidth;
    return [...(wide > 0 ? [`the page is ${wide} px wider than what is seen of it`] : []), ...found.map((one) => one.outerHTML.slice(0, 100))];
  });

/** Calls `look` on every page: Train before and after two runs, the runs compared, a comparison with its results, the lesson with its maps, the device. */
async function pages(page: Page, look: (name: string) => Promise<void>): Promise<void> {
  const train = page.getByTestId("train").and(page.locator(":enabled"));
  const to = (name: string) => page.getByRole("link", { name, exact: true }).click();
  await train.waitFor();
  await look("Train, before a run");
  for (const _ of [1, 2]) {
    await train.click();
    await page.getByTestId("export").waitFor();
    await train.waitFor({ timeout: 60_000 });
  }
  await look("Train, after it");
  await to("Runs");
  await page.getByTestId("kept-run").nth(1).waitFor();
  for (const box of await page.getByTestId("kept-run").getByRole("checkbox").all()) await box.check();
  await page.getByTestId("compare-runs").getByRole("grid").waitFor();
  await look("Runs");
  await to("Compare");
  const comparison = parseComparison({ ...(JSON.parse(readFileSync("examples/compare-small.json", "utf8")) as object), seeds: [0, 1, 2, 3, 4] });
  const runs = comparison.arms.flatMap((arm) => comparison.seeds.map((seed) => armRun(comparison, arm.name, seed)));
  const buffer = Buffer.from(JSON.stringify({ comparison, runs }));
  await page.getByTestId("open-comparison").setInputFiles({ name: "results.json", mimeType: "application/json", buffer });
  await page.getByTestId("comparison-table").waitFor({ timeout: 60_000 });
  await look("Compare");
  await to("Learn");
  await page.getByTestId("experiment-zero").and(page.locator(":enabled")).click();
  await page.getByTestId("lesson-zero-said").waitFor({ timeout: 60_000 });
  await look("Learn");
  await to("Device");
  await look("Device");
}

test("at 400 pixels, and at 200 % zoom of 1280: nothing is wider than the page, no control cut off, nothing for axe", async () => {
  const { page, said } = await open(`?backend=wasm${hash}`, { viewport: { width: 400, height: 800 }, deviceScaleFactor: 2, reducedMotion: "reduce" });
  const found: string[] = [];
  await pages(page, async (name) => {
    for (const [width, height] of [
      [640, 450],
      [400, 800],
    ]) {
      await page.setViewportSize({ width, height });
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
      for (const one of await cutOff(page)) found.push(`${name}, ${width}: ${one}`);
      // 400 pixels and other colours are looked at by the tests of the pages.
      if (width > 400) for (const one of await violations(page, 1)) found.push(`${name}, ${width}: ${one}`);
    }
  });
  expect(found).toEqual([]);
  expect(said).toEqual([]);
  await page.context().close();
});

test("in forced colours what is drawn stays, against a theme chosen here too", async () => {
  const { page, said } = await open(`?backend=wasm${hash}`, { forcedColors: "active", colorScheme: "light", reducedMotion: "reduce" });
  await page.evaluate(() => localStorage.setItem("rankscope.theme", "dark"));
  await page.reload();
  const found: string[] = [];
  await pages(page, async (name) => {
    // Strokes and fills of drawings are not forced: they have to follow the system's ground by themselves.
    const pale = await page.evaluate(() => {
      const brush = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })!;
      const light = (colour: string): number => {
        brush.clearRect(0, 0, 1, 1);
        brush.fillStyle = colour;
        brush.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = Array.from(brush.getImageData(0, 0, 1, 1).data, (v) => v / 255);
        const linear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return a === 0 ? Number.NaN : 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
      };
      const ground = light(getComputedStyle(document.body).backgroundColor);
      return [...document.querySelectorAll<SVGElement>("main svg :is(path, polyline, circle, text)")]
        .filter((one) => one.checkVisibility())
        .filter((one) => {
          const { stroke, fill } = getComputedStyle(one);
          const contrasts = [stroke, fill].filter((colour) => colour !== "none").map((colour) => light(colour)).filter((l) => !Number.isNaN(l)).map((l) => (Math.max(l, ground) + 0.05) / (Math.min(l, ground) + 0.05)); // prettier-ignore
          return contrasts.length > 0 && Math.max(...contrasts) < 2;
        })
        .map((one) => one.outerHTML.slice(0, 100));
    });
    for (const one of pale) found.push(`${name}: ${one} cannot be told from the ground`);
    const cell = page.getByRole("gridcell").and(page.locator("[tabindex='0']:visible")).first();
    if (await cell.count()) {
      await cell.press("ArrowRight");
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineWidth);
      if (Number.parseFloat(outline) < 2) found.push(`${name}: a cell with the focus shows none`);
    }
    if (name === "Compare" || name === "Learn") found.push(...(await violations(page)));
    await page.emulateMedia({ forcedColors: "active", colorScheme: "light" });
  });
  expect(found).toEqual([]);
  expect(said).toEqual([]);
  await page.context().close();
});
