// What a step computes: per-step values are live, accumulation has one denominator, the seed decides everything, dropout is the same everywhere and only in training.

import { describe, expect, test } from "vitest";
import { makeBatch } from "../../src/data/batch.ts";
import type { Backend, Exact } from "../../src/engine/backend.ts";
import type { RunConfig, TrainEvent } from "../../src/protocol.ts";
import { Control } from "../../src/train/control.ts";
import { evaluate, readLogits, writeBatch } from "../../src/train/evaluate.ts";
import { generate, greedy } from "../../src/train/generate.ts";
import type { Snapshot } from "../../src/train/parameters.ts";
import { train } from "../../src/train/trainer.ts";
import { backends, webgpuForTests } from "../harness/backends.ts";
import { classes, webgpuOf } from "../harness/classes.ts";
import { relativeError } from "../harness/run.ts";
import { apart, dataOf, examples, fillAdapter, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const tiny = await tinyModel();
const rows = examples(10, 61);

interface Trained {
  losses: number[];
  start: Snapshot;
  end: Snapshot;
}

async function trained(backend: Backend, config: RunConfig): Promise<Trained> {
  const run = await runOf(backend, tiny, config);
  const start = await run.parameters.snapshot();
  const losses: number[] = [];
  const { state } = await train(
    run,
    dataOf(rows),
    config,
    new Control(config.train.learning_rate),
    (e: TrainEvent) => e.type === "step" && losses.push(e.loss),
  );
  run.destroy();
  return { losses, start, end: state };
}

describe.each(["reference", "webgpu"] as const)("%s", (name) => {
  const missing = name === "webgpu" && webgpuMissing;

  test.skipIf(missing)("two micro-batches of two rows are one batch of four, however many labels each has", async () => {
    const backend = (await backends[name]())!;
    const split = await trained(backend, runConfig({ train: { batch_size: 2, gradient_accumulation_steps: 2 } }));
    const one = await trained(backend, runConfig({ train: { batch_size: 4 } }));
    expect(relativeError(split.losses, one.losses)).toBeLessThan(1e-5);
    expect(apart(split.end.parameters, one.end.parameters, one.start.parameters)).toBeLessThan(1e-4);
    expect(one.losses.at(-1)).toBeLessThan(one.losses[0]);
  });

  test.skipIf(missing)("the same seed is the same run, bit for bit; another is not", async () => {
    const backend = (await backends[name]())!;
    for (const lora_dropout of [0, 0.3]) {
      const config = (seed: number): RunConfig => runConfig({ lora_dropout, train: { seed, gradient_accumulation_steps: 2, steps: 3 } });
      const [a, b, c] = [await trained(backend, config(3)), await trained(backend, config(3)), await trained(backend, config(4))];
      expect(b).toEqual(a);
      expect(c.losses).not.toEqual(a.losses);
      expect(c.start.parameters).not.toEqual(a.start.parameters);
    }
  });

  test.skipIf(missing)("dropout: off in evaluation and generation, another mask at every step, micro-step and site", async () => {
    const backend = (await backends[name]())!;
    const answers = async (lora_dropout: number): Promise<unknown> => {
      const run = await runOf(backend, tiny, runConfig({ lora_dropout }));
      await fillAdapter(run);
      const result = await evaluate(run, rows, 2, 16);
      const ids = await generate(run, [[1, 2, 3], [7]], greedy(6)); // prettier-ignore
      run.destroy();
      return { loss: result!.loss.toFixed(4), metric: result!.metric, ids };
    };
    expect(await answers(0.5)).toEqual(await answers(0));

    const run = await runOf(backend, tiny, runConfig({ lora_dropout: 0.5 }));
    await fillAdapter(run);
    const batch = makeBatch(rows.slice(0, 2));
    const micro = await run.plans.micro(batch.B, batch.T);
    const losses = new Set<number>();
    for (const counter of [
      [1, 0, 0],
      [1, 1, 0],
      [1, 0, 1],
      [2, 0, 0],
      [1, 0, 0],
    ]) {
      // prettier-ignore
      writeBatch(run, batch);
      run.plans.write("counter", Uint32Array.of(...counter, 0));
      await backend.run(micro);
      losses.add((await backend.read({ ...micro.captures.get("loss")!, elements: 1 }))[0]);
    }
    expect(losses.size).toBe(4);
    run.destroy();
  });
});

test.skipIf(webgpuMissing)("per-step values are live: rate, step, seed, decay and clipping of every replay reach the device", async () => {
  const ends = new Map<string, Exact[]>();
  for (const name of ["reference", "webgpu"] as const) {
    const backend = (await backends[name]())!;
    const run = await runOf(backend, tiny, runConfig({ lora_dropout: 0.3, train: { weight_decay: 0.1 } }));
    await fillAdapter(run);
    const batch = makeBatch(rows.slice(0, 2));
    const [micro, update] = [await run.plans.micro(batch.B, batch.T), await run.plans.update()];
    const states = [(await run.parameters.snapshot()).parameters];
    //                        seed step micro · rate   β₁   β₂     ε     clip
    for (const [counter, scalars] of [
      [
        [1, 0, 0],
        [0.01, 0.9, 0.999, 1e-8, 0, 1],
      ],
      [
        [1, 1, 0],
        [0.05, 0.9, 0.999, 1e-8, 0, 1],
      ],
      [
        [9, 2, 0],
        [0.02, 0.8, 0.99, 1e-4, 0.5, 1],
      ],
    ]) {
      // prettier-ignore
      writeBatch(run, batch);
      run.plans.write("counter", Uint32Array.of(...counter, 0));
      run.plans.write("scalars", Float32Array.of(...scalars, 0, 0));
      await backend.run(micro);
      await backend.run(update);
      states.push((await run.parameters.snapshot()).parameters);
    }
    ends.set(name, states);
    run.destroy();
  }
  const [truth, value] = [ends.get("reference")!, ends.get("webgpu")!];
  for (let i = 1; i < 4; i++) expect(apart(value[i], truth[i], truth[i - 1]), `replay ${i}`).toBeLessThan(2e-3);
  // Adam's steps are as long as the rate says: five times the rate, about five times the way.
  const way = (i: number): number => Math.hypot(...truth[i].map((x, k) => x - truth[i - 1][k]));
  expect(way(2) / way(1)).toBeGreaterThan(3);
});

test.skipIf(webgpuMissing).each(classes)("kernels for a %s train as the reference does", async (target) => {
  for (const change of [{}, { method: "full", target_modules: ["all"] }]) {
    const config = runConfig({ ...change, train: { steps: 3, learning_rate: 0.003 } });
    const truth = await trained((await backends.reference())!, config);
    const value = await trained(await webgpuOf(target), config);
    expect(relativeError(value.losses, truth.losses)).toBeLessThan(2e-5);
    expect(apart(value.end.parameters, truth.end.parameters, truth.start.parameters)).toBeLessThan(5e-3);
  }
});

test.skipIf(webgpuMissing)("training with dropout on the device is training with the reference's masks", async () => {
  const config = runConfig({ lora_dropout: 0.3, train: { steps: 3, seed: 11, gradient_accumulation_steps: 2 } });
  const truth = await trained((await backends.reference())!, config);
  const value = await trained((await webgpuForTests())!, config);
  const without = await trained((await backends.reference())!, runConfig({ ...config, lora_dropout: 0, train: config.train }));
  expect(relativeError(value.losses, truth.losses)).toBeLessThan(2e-5);
  expect(apart(value.end.parameters, truth.end.parameters, truth.start.parameters)).toBeLessThan(2e-3);
  expect(apart(without.end.parameters, truth.end.parameters, truth.start.parameters)).toBeGreaterThan(0.05);
});

test.skipIf(webgpuMissing)("layers computed again in backward drop the same elements", async () => {
  const backend = (await webgpuForTests())!;
  const config = (gradient_checkpointing: boolean) => runConfig({ lora_dropout: 0.3, train: { steps: 3, gradient_checkpointing } });
  const [kept, again] = [await trained(backend, config(false)), await trained(backend, config(true))];
  expect(relativeError(again.losses, kept.losses)).toBeLessThan(1e-6);
  expect(apart(again.end.parameters, kept.end.parameters, kept.start.parameters)).toBeLessThan(1e-3);
});

test.skipIf(webgpuMissing)("padding rows of A and B stay zero", async () => {
  const backend = (await webgpuForTests())!;
  const config = runConfig({ r: 3, rank_pattern: { v_proj: 1, up_proj: 6 }, train: { steps: 3, weight_decay: 0.1 } });
  const run = await runOf(backend, tiny, config);
  await train(run, dataOf(rows), config, new Control(0.05), () => {});
  for (const s of run.parameters.segments) {
    const { r } = run.target.ranks.get(s.name.slice(0, s.name.lastIndexOf(".")))!;
    const data = await run.parameters.read(s.name);
    expect(data.subarray(0, r * s.shape[1]).every((x) => x !== 0)).toBe(true);
    expect(data.subarray(r * s.shape[1]).every((x) => x === 0)).toBe(true);
  }
  run.destroy();
});

test.skipIf(webgpuMissing)("padding tokens and rows do not matter", async () => {
  const backend = (await webgpuForTests())!;
  const run = await runOf(backend, tiny, runConfig({ train: { batch_size: 4 } }));
  await fillAdapter(run);
  const alone = await evaluate(run, rows.slice(0, 3), 3, 16);
  const padded = await evaluate(run, rows.slice(0, 3), 4, 16);
  expect(relativeError([padded!.loss], [alone!.loss])).toBeLessThan(1e-6);
  expect(padded!.rows).toBe(3);
  const short = rows.find((r) => r.ids.length < 12)!;
  // Logits at real places are the same whatever ids lie behind them.
  const logitsWith = async (padId: number): Promise<Float32Array> => {
    const batch = makeBatch([short], { padId });
    writeBatch(run, batch);
    return (await readLogits(run, batch.B, batch.T)).subarray(0, short.ids.length * 61);
  };
  expect(await logitsWith(5)).toEqual(await logitsWith(0));
  run.destroy();
});
