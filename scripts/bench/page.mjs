// page.mjs — `npm run bench -- --page`: the built page as a first visitor meets it, from local files. Clocks start at the address and stop when the
// page shows the first step, and an answer that differs from the base model's. From the first step to the end its frames are counted.
// @ts-check
import { buildIfStale } from "../build.mjs";
import { serve } from "../serve.mjs";
import { startChromium } from "./chromium.mjs";
import { appendSection, machine } from "./record.mjs";

const PATIENCE_MS = 300_000;
const clocks = /** @type {const} */ ({ ready: "Train can be pressed", firstStep: "first step", changed: "changed answers", finished: "run finished" });
const smoothness = ["frames per second while training", "frames later than 50 ms"];

/** @param {{ chrome?: string; rounds: number; backends: readonly string[]; write: boolean; command: string }} options */
export async function page({ chrome, rounds, backends, write, command }) {
  const began = Date.now();
  const server = await serve(buildIfStale());
  const lines = [`| page | ${[...Object.values(clocks), ...smoothness].join(" | ")} |`, `| --- | ${[...Object.keys(clocks), ...smoothness].map(() => "---").join(" | ")} |`]; // prettier-ignore
  let version = "";
  try {
    for (const backend of backends.length ? backends : ["wasm"]) {
      /** @type {Visit[]} */
      const visits = [];
      for (let round = 0; round < rounds; round++) {
        const browser = await startChromium(chrome, { webgpu: backend === "webgpu" });
        version = browser.version();
        try {
          visits.push(await visit(browser, server.url + (backend === "webgpu" ? "?backend=webgpu" : "")));
        } finally {
          await browser.close();
        }
        const { frames, ...times } = visits[round];
        console.error(`visit ${round + 1} of ${rounds}, ${backend}: ${Object.entries(times).map(([what, ms]) => `${what} ${(ms / 1000).toFixed(1)} s`).join(", ")}, ${frames.perSecond.toFixed(1)} frames per second`); // prettier-ignore
      }
      const figures = /** @type {(keyof typeof clocks)[]} */ (Object.keys(clocks)).map((key) => {
        const sorted = visits.map((v) => v[key] / 1000).sort((a, b) => a - b);
        return `${sorted[0].toFixed(1)} s (median ${sorted[sorted.length >> 1].toFixed(1)})`;
      });
      const rates = visits.map(({ frames }) => frames.perSecond).sort((a, b) => a - b);
      const late = visits.map(({ frames }) => frames.late).sort((a, b) => a - b);
      figures.push(`${rates.at(-1)?.toFixed(1)} (median ${rates[rates.length >> 1].toFixed(1)})`, `${late[0]} (median ${late[late.length >> 1]})`);
      lines.push(`| ${backend === "webgpu" ? "WebGPU, software adapter" : "no WebGPU: wasm"} | ${figures.join(" | ")} |`);
    }
  } finally {
    await server.close();
  }
  lines.push("", `- Seconds from the address; best of ${rounds} visits, each with a new profile; the bundled model and the first run's settings as they are.`);
  lines.push(`- ${machine()}; Chromium ${version}; \`${command}\` took ${Math.round((Date.now() - began) / 1000)} s.`);
  console.log(lines.join("\n"));
  if (write) console.error(`Appended to ${appendSection("The page from a cold start", lines)}`);
}

/** @typedef {Record<keyof typeof clocks, number> & { frames: { perSecond: number; late: number } }} Visit */

/**
 * One first visit that presses Train as soon as that is possible. Throws what the page says where the run fails.
 * @param {import("playwright").Browser} browser @param {string} url
 * @returns {Promise<Visit>} Milliseconds from the address.
 */
async function visit(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(PATIENCE_MS);
  const tab = await context.newPage();
  /** @type {string[]} */
  const errors = [];
  tab.on("pageerror", (error) => errors.push(String(error)));
  const began = performance.now();
  const since = () => performance.now() - began;
  try {
    await tab.goto(url);
    const train = tab.getByTestId("train").and(tab.locator(":enabled"));
    await train.waitFor();
    const ready = since();
    await train.click();
    await tab.waitForFunction(() => Number(document.querySelector('[data-testid="step-value"]')?.textContent) >= 1);
    const firstStep = since();
    await tab.evaluate(() => {
      /** @type {number[]} */
      const frames = [];
      const frame = (/** @type {number} */ at) => void (frames.push(at), requestAnimationFrame(frame));
      requestAnimationFrame(frame);
      Object.assign(globalThis, { frames });
    });
    await tab.waitForFunction(() =>
      [...document.querySelectorAll('[data-testid="samples"] article')].some((card) => {
        const [base, tuned] = [...card.querySelectorAll("dd")].map((dd) => dd.textContent ?? "");
        return /\w/.test(base ?? "") && /\w/.test(tuned ?? "") && base !== tuned;
      }),
    );
    const changed = since();
    await train.waitFor(); // enabled again: the run has ended
    const finished = since();
    const frames = await tab.evaluate(() => {
      const at = /** @type {{ frames: number[] }} */ (/** @type {unknown} */ (globalThis)).frames;
      const late = at.filter((time, i) => i > 0 && time - at[i - 1] > 50).length;
      return { perSecond: (1000 * (at.length - 1)) / (at[at.length - 1] - at[0]), late };
    });
    return { ready, firstStep, changed, finished, frames };
  } catch (error) {
    const said = await tab.locator('[role="alert"]').allTextContents().catch(() => []); // prettier-ignore
    const shown = [...errors, ...said].join(" ").replace(/\s+/g, " ").slice(0, 500);
    throw new Error(`${shown || "the page shows no error"} (${error instanceof Error ? error.message.split("\n")[0] : error})`, { cause: error });
  } finally {
    await context.close();
  }
}
