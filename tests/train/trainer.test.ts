// A short real run on the bundled model: the events that come, and that the loss falls.

import { expect, test } from "vitest";
import { diskFile, diskFolder } from "../../src/session/disk.ts";
import { load } from "../../src/session/load.ts";
import { type TrainEvent } from "../../src/protocol.ts";
import { parseConfig, firstRun } from "../../src/train/config.ts";
import { Control } from "../../src/train/control.ts";
import { Run } from "../../src/train/run.ts";
import { train } from "../../src/train/trainer.ts";
import { webgpuForTests } from "../harness/backends.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const context = { bundled: (name: string) => diskFolder(`public/models/${name}`), disk: diskFolder, dataFile: diskFile };

test.skipIf(webgpuMissing)("twelve steps on the bundled model", { timeout: 240_000 }, async () => {
  const config = parseConfig({ ...firstRun, train: { ...firstRun.train, steps: 12, eval_every: 0, eval_rows: 10, warmup_steps: 2 } });
  const loaded = await load(config, context);
  const backend = (await webgpuForTests())!;
  const run = await Run.create({ backend, target: loaded.target, checkpoint: loaded.checkpoint, maxTokens: 240, weightDecay: 0, seed: 0 });
  const events: TrainEvent[] = [];
  const t0 = performance.now();
  const kept = await train(run, loaded.rows, config, new Control(config.train.learning_rate), (e) => {
    events.push(e);
    console.info(((performance.now() - t0) / 1000).toFixed(1), JSON.stringify(e).slice(0, 200));
  });
  const steps = events.filter((e) => e.type === "step");
  expect(steps.map((e) => e.step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  expect(steps.at(-1)!.loss).toBeLessThan(0.8 * steps[0].loss);
  expect(kept.step).toBe(12);
  run.destroy();
});
