// reference-run.ts — the reference step on a backend, ready to be run again and again. What is timed is up to the caller.

import type { Backend } from "../engine/backend.ts";
import { bytesSource, openSafetensors } from "../formats/safetensors.ts";
import { parseModel } from "../models/index.ts";
import { Run } from "../train/run.ts";
import { targetOfAdapter } from "../train/subject.ts";
import type { ReferenceStep } from "./reference-step.ts";

export interface ReferenceRun {
  /** Launches per step: forward and backward, and update. */
  readonly dispatches: { micro: number; update: number };
  /** Queues a step; resolves when there is room for more work. */
  step(): Promise<void>;
  /** Loss of the last step, before its update; waits for it. */
  loss(): Promise<number>;
  destroy(): void;
}

export async function referenceRun(backend: Backend, { config, weights, adapter, batch, optimizer }: ReferenceStep): Promise<ReferenceRun> {
  const [B, T] = [batch.inputIds.length, batch.inputIds[0].length];
  const run = await Run.create({
    backend,
    target: targetOfAdapter(parseModel(config), adapter),
    checkpoint: await openSafetensors(new Map([["model.safetensors", bytesSource(weights)]])),
    maxTokens: B * T,
    weightDecay: optimizer.weightDecay,
    seed: 0,
  });
  run.load(adapter);
  const labels = batch.labels.flatMap((row) => [...row.slice(1), -100]);
  run.plans.write("inputIds", Int32Array.from(batch.inputIds.flat()));
  run.plans.write("mask", Int32Array.from(batch.mask.flat()));
  run.plans.write("labels", Int32Array.from(labels));
  run.plans.write("denominator", Float32Array.of(labels.filter((l) => l >= 0).length));
  const micro = await run.plans.micro(B, T);
  const update = await run.plans.update();
  const loss = micro.captures.get("loss")!;
  run.plans.write("scalars", Float32Array.of(optimizer.lr, ...optimizer.betas, optimizer.eps, 0, 1, 0, 0));
  return {
    dispatches: { micro: micro.dispatches, update: update.dispatches },
    async step() {
      await backend.run(micro);
      await backend.run(update);
    },
    loss: async () => (await backend.read({ ...loss, elements: 1 }))[0],
    destroy: () => run.destroy(),
  };
}
