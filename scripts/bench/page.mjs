// page.mjs — `npm run bench -- --page`: the built page as a first visitor meets it, from local files. Clocks start at the address and stop when the
// page shows the first step, and an answer that differs from the base model's.
// @ts-check
import { buildIfStale } from "../build.mjs";
import { serve } from "../serve.mjs";
import { startChromium } from "./chromium.mjs";
import { appendSection, machine } from "./record.mjs";

const PATIENCE_MS = 300_000;
const clocks = /** @type {const} */ ({ ready: "Train can be pressed", firstStep: "first step", changed: "changed answers", finished: "run finished" });

/** @param {{ chrome?: string; rounds: number; backends: readonly string[]; write: boolean; command: string }} options */
export async function page({ chrome, rounds, backends, write, command }) {
  const began = Date.now();
  const server = await serve(buildIfStale());
  const lines = [`| page | ${Object.values(clocks).join(" | ")} |`, `| --- | ${Object.keys(clocks).map(() => "---").join(" | ")} |`]; // prettier-ignore
  let version = "";
  try {
    for (const backend of backends.length ? backends : ["wasm"]) {
      /** @type {Record<keyof typeof clocks, number>[]} */
      const visits = [];
      for (let round = 0; round < rounds; round++) {
        const browser = await startChromium(chrome, { webgpu: backend === "webgpu" });
        version = browser.version();
        try {
          visits.push(await visit(browser, server.url + (backend === "webgpu" ? "?backend=webgpu" : "")));
        } finally {
          await browser.close();
        }
        console.error(`visit ${round + 1} of ${rounds}, ${backend}: ${Object.entries(visits[round]).map(([what, ms]) => `${what} ${(ms / 1000).toFixed(1)} s`).join(", ")}`); // prettier-ignore
      }
      const figures = /** @type {(keyof typeof clocks)[]} */ (Object.keys(clocks)).map((key) => {
        const sorted = visits.map((v) => v[key] / 1000).sort((a, b) => a - b);
        return `${sorted[0].toFixed(1)} s (median ${sorted[sorted.length >> 1].toFixed(1)})`;
      });
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

/**
 * One first visit that presses Train as soon as that is possible. Throws what the page says where the run fails.
 * @param {import("playwright").Browser} browser @param {string} url
 * @returns {Promise<Record<keyof typeof clocks, number>>} Milliseconds from the address.
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
    await tab.waitForFunction(() =>
      [...document.querySelectorAll('[data-testid="samples"] article')].some((card) => {
        const [base, tuned] = [...card.querySelectorAll("dd")].map((dd) => dd.textContent ?? "");
        return /\w/.test(base ?? "") && /\w/.test(tuned ?? "") && base !== tuned;
      }),
    );
    const changed = since();
    await train.waitFor(); // enabled again: the run has ended
    return { ready, firstStep, changed, finished: since() };
  } catch (error) {
    const said = await tab.locator('[role="alert"]').allTextContents().catch(() => []); // prettier-ignore
    const shown = [...errors, ...said].join(" ").replace(/\s+/g, " ").slice(0, 500);
    throw new Error(`${shown || "the page shows no error"} (${error instanceof Error ? error.message.split("\n")[0] : error})`, { cause: error });
  } finally {
    await context.close();
  }
}
