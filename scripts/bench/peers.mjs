// peers.mjs — `npm run bench -- --peers`: the reference step against other libraries, one step of each in turn, so that whatever else the machine
// does falls on all alike. Only ratios count. Who computes wrong losses has no time. The table goes to docs/benchmarks.md.
// @ts-check
import { isolationHeaders } from "../content-security-policy.mjs";
import { root } from "../install.mjs";
import { serve } from "../serve.mjs";
import { startChromium } from "./chromium.mjs";
import { inBrowser, pytorch } from "./contestants.mjs";
import { appendSection, machine } from "./record.mjs";
import { buildOurs, buildPeers, dataFolder, site } from "./site.mjs";

/** How far a peer's loss may lie from PyTorch's; ours must be ten times closer. */
const TOLERANCE = 1e-3;
/** Steps per turn: the quick ones do more, so that the best of them is not luck. */
const PER_TURN = { webgpu: 1, wasm: 3, CPU: 3 };
const WARM_UP = 2;

/**
 * @typedef {import("./contestants.mjs").Contestant} Contestant
 * @typedef {{ who: Contestant; ms: number[]; losses: number[]; failure: string }} Result
 */

/** @param {{ chrome?: string; rounds: number; threads: number; backends: readonly string[]; write: boolean; command: string }} options */
export async function peers({ chrome, rounds, threads, backends, write, command }) {
  const began = Date.now();
  const expected = await buildOurs();
  const versions = await buildPeers();
  const server = await serve(site, { headers: isolationHeaders });
  const browser = await startChromium(chrome);
  /** @type {string[]} */
  const missing = [];
  /** @type {Result[]} */
  const results = [];
  try {
    const enter = async (/** @type {string} */ name, /** @type {() => Promise<Contestant>} */ open) => {
      console.error(`${name}: starting`);
      try {
        results.push({ who: await open(), ms: [], losses: [], failure: "" });
      } catch (error) {
        missing.push(`${name}: ${short(error)}`);
      }
    };
    for (const backend of backends) {
      const of = (/** @type {string} */ name, /** @type {string} */ script, /** @type {string} */ version) =>
        enter(`${name} ${backend}`, () => inBrowser(browser, server.url, { name, script, backend, version, threads }));
      await of("Rankscope", "rankscope", "");
      await of("jax-js", "jax", versions["@jax-js/jax"]);
      await of("tfjs", "tfjs", versions["@tensorflow/tfjs-core"]);
    }
    await enter("PyTorch", () => pytorch(dataFolder, threads));

    for (let round = -1; round < rounds; round++) {
      for (const result of results.filter((r) => !r.failure)) {
        const { who } = result;
        try {
          const { ms, losses } = await who.steps(round < 0 ? WARM_UP : PER_TURN[/** @type {keyof typeof PER_TURN} */ (who.backend)]);
          result.losses.push(...losses);
          if (round >= 0) result.ms.push(...ms);
          const tolerance = who.name === "Rankscope" ? TOLERANCE / 10 : TOLERANCE;
          const wrong = expected.findIndex((truth, i) => i < result.losses.length && !(Math.abs(result.losses[i] - truth) <= tolerance));
          if (wrong >= 0) result.failure = `loss ${result.losses[wrong]} at step ${wrong + 1}, expected ${expected[wrong]}`;
          console.error(
            `${round < 0 ? "warm-up" : `round ${round + 1} of ${rounds}`}  ${who.name} ${who.backend}: ${ms.map((t) => t.toFixed(0)).join(" ")} ms`,
          );
        } catch (error) {
          result.failure = short(error);
        }
        if (result.failure) console.error(`${who.name} ${who.backend}: does not count, ${result.failure}`);
      }
    }
    const ours = await Promise.all(
      results.filter((r) => r.who.name === "Rankscope" && !r.failure).map(async (r) => ({ backend: r.who.backend, ...(await r.who.info()) })),
    );
    const lines = [
      ...table(results, ours.map((o) => o.backend)),
      "",
      ...ours.map((o) => `- Rankscope on ${o.backend}: ${o.adapter}; ${o.dispatches} ${o.backend === "wasm" ? "ONNX nodes" : "dispatches"} a step${o.javascriptMs === null ? "" : `; JavaScript ${o.javascriptMs.toFixed(2)} ms a step (encode and submit)`}.`),
      ...missing.map((m) => `- Left out: ${m}.`),
      ...results.filter((r) => r.failure).map((r) => `- Does not count: ${r.who.name} on ${r.who.backend}: ${r.failure}.`),
      `- Best of ${rounds} rounds, interleaved; ${threads} threads each; ${machine()}; Chromium ${browser.version()}; \`${command}\` took ${Math.round((Date.now() - began) / 1000)} s.`,
    ]; // prettier-ignore
    console.log(lines.join("\n"));
    if (write) console.error(`Appended to ${appendSection("The reference step against other libraries", lines)}`);
    return ours.length === backends.length;
  } finally {
    await Promise.all(results.map((r) => r.who.close().catch(() => {})));
    await browser.close();
    await server.close();
  }
}

/**
 * Times, and how many times the other's step is ours: above 1, Rankscope is faster.
 * @param {readonly Result[]} results @param {readonly string[]} ours Backends on which ours counts.
 */
function table(results, ours) {
  const right = results.filter((r) => !r.failure && r.ms.length);
  const best = (/** @type {Result} */ r) => Math.min(...r.ms);
  const own = (/** @type {string} */ backend) => right.find((r) => r.who.name === "Rankscope" && r.who.backend === backend);
  const rows = right.map((r) => {
    const ratio = (/** @type {string} */ backend) => {
      const mine = own(backend);
      return mine && (r.who.backend === backend || r.who.backend === "CPU") ? `${(best(r) / best(mine)).toFixed(2)}×` : "";
    };
    const median = [...r.ms].sort((a, b) => a - b)[r.ms.length >> 1];
    return [`${r.who.name} ${r.who.version}`.trim(), r.who.backend, best(r).toFixed(0), median.toFixed(0), ...ours.map(ratio)];
  });
  const head = ["who", "backend", "best ms", "median ms", ...ours.map((b) => `step, of Rankscope's on ${b}`)];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
}

const short = (/** @type {unknown} */ error) =>
  (error instanceof Error ? error.message : String(error))
    .split("\n")[0]
    .replace(root + "/", "")
    .slice(0, 300)
    .replace(/\.$/, "");
