// The predicted bytes are an upper bound of what a run on wasm takes: the heap, module included, after steps, evaluation and answers. The heap never
// shrinks, so the cases come in ascending order and each is judged by what the heap holds then.

import { expect, test } from "vitest";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import { loadOrt } from "../../src/engine/wasm/ort.ts";
import type { RunConfig } from "../../src/protocol.ts";
import { diskFile, diskFolder } from "../../src/session/disk.ts";
import { load } from "../../src/session/load.ts";
import { start } from "../../src/session/start.ts";
import { firstRun } from "../../src/train/config.ts";
import { Control } from "../../src/train/control.ts";
import { estimate } from "../../src/train/estimate.ts";
import { train } from "../../src/train/trainer.ts";

const context = { bundled: (name: string) => diskFolder(`public/models/${name}`), disk: diskFolder, dataFile: diskFile };
const short = { ...firstRun.train, steps: 2, eval_every: 0, samples_every: 0, eval_rows: 5 };
const cases: [string, RunConfig][] = [
  ["the first run", { ...firstRun, train: short }],
  ["24 rows at once", { ...firstRun, train: { ...short, batch_size: 24 } }],
  ["full fine-tuning", { ...firstRun, method: "full", target_modules: ["all"], train: { ...short, batch_size: 24, learning_rate: 1e-4 } }],
];

test.each(cases)("%s", { timeout: 120_000 }, async (_, config) => {
  const loaded = await load(config, context);
  const backend = await wasmBackend({ threads: 1 });
  const run = await start(config, loaded, backend, () => {});
  await train(run, loaded.rows, config, new Control(config.train.learning_rate), () => {});
  expect((await loadOrt(1)).heap().length).toBeLessThan(estimate(loaded.target, config, "wasm").memory.total);
  run.destroy();
  backend.destroy();
});
