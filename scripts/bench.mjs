// bench.mjs — `npm run bench`: how fast it is. Kernels and steps in Node, against other libraries in one browser, and the page from a cold start.
// @ts-check
import * as util from "node:util"; // as a namespace: an old Node without parseArgs must reach requireNode
import { availableParallelism } from "node:os";
import { installIfNeeded, requireNode } from "./install.mjs";

const usage = `npm run bench -- [OPTIONS]

  (nothing)          each kernel (GFLOP/s, GB/s) and each step (ms, tokens/s), on every backend that Node has
  --steps            steps alone, without their kernels
  --scores           what a scoring costs beside training: gradient norm, SNIP, Fisher against as many micro-steps
  --quick            fewer and shorter samples
  --json             rows as JSON
  --peers            the reference step against jax-js, tfjs (installed into .cache/bench) and PyTorch (env PYTHON), in one browser
  --rounds N         how many turns each of them gets (5)
  --page             the built page from a cold start: to its first step, and to visibly changed answers, without a GPU
  --backend NAMES    webgpu, wasm; separated by commas
  --threads N        threads of wasm and PyTorch (cores, at most 4)
  --chrome PATH      another Chromium
  --no-write         leave docs/benchmarks.md as it is
`;

requireNode();
const options = read();
installIfNeeded();
const { vulkanEnvironment } = await import("./find-browser.mjs");
Object.assign(process.env, vulkanEnvironment("gpu"));

let right = true;
try {
  const command = `npm run bench -- ${process.argv.slice(2).join(" ")}`.replace(options.chrome ?? "\0", "PATH");
  if (options.peers) {
    const { peers } = await import("./bench/peers.mjs");
    right = await peers({ ...options, backends: options.backends.length ? options.backends : ["webgpu", "wasm"], command });
  }
  if (options.page) {
    const { page } = await import("./bench/page.mjs");
    await page({ ...options, command });
  }
  if (!options.peers && !options.page) {
    const { runModule } = await import("./run-module.mjs");
    await runModule("/src/cli/bench.ts", ({ bench }) => bench({ ...options, names: options.backends }));
  }
} catch (error) {
  console.error(process.env.DEBUG ? error : `bench: ${error instanceof Error ? error.message : error}`);
  right = false;
}
// Dawn keeps threads alive, so the process must be ended; the empty write waits for what a pipe has not taken yet.
process.stdout.write("", () => process.exit(right ? 0 : 1));

function read() {
  const flag = /** @type {const} */ ({ type: "boolean", default: false });
  const text = /** @type {const} */ ({ type: "string" });
  const known = { steps: flag, scores: flag, quick: flag, json: flag, peers: flag, page: flag, help: flag, "no-write": flag, rounds: text, backend: text, threads: text, chrome: text }; // prettier-ignore
  try {
    const { values } = util.parseArgs({ options: known });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const whole = (/** @type {string | undefined} */ value, /** @type {number} */ otherwise, /** @type {string} */ name) => {
      const number = value === undefined ? otherwise : Number(value);
      if (!Number.isInteger(number) || number < 1 || number > 1000) throw new Error(`--${name} ${value}: a whole number from 1 to 1000 is needed.`);
      return number;
    };
    const backends = values.backend?.split(",") ?? [];
    const wrong = backends.find((name) => !["webgpu", "wasm"].includes(name));
    if (wrong !== undefined) throw new Error(`--backend ${wrong}: take webgpu or wasm.`);
    return {
      ...values,
      backends,
      kernels: !values.steps,
      write: !values["no-write"],
      rounds: whole(values.rounds, 5, "rounds"),
      threads: whole(values.threads, Math.min(4, availableParallelism()), "threads"),
    };
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message} npm run bench -- --help says more.`);
    process.exit(2);
  }
}
