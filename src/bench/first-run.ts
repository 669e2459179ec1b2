// first-run.ts — the step that the page's first run does: the bundled model, LoRA on every linear layer, batches of that size. The tokens are made up,
// so that its losses are known whatever data is bundled.

import { makeBatch } from "../data/batch.ts";
import { hash } from "../engine/random.ts";
import type { Checkpoint } from "../formats/safetensors.ts";
import type { Model, ModelConfig } from "../models/model.ts";
import { optimizers } from "../optimizers/index.ts";
import { firstRun } from "../train/config.ts";
import { writeBatch } from "../train/evaluate.ts";
import { Run } from "../train/run.ts";
import { targetOf } from "../train/subject.ts";
import type { StepCase } from "./step-case.ts";

export interface Bundled {
  base: { model: Model; config: ModelConfig };
  checkpoint: Checkpoint;
}

/** losses: from the float64 reference backend. */
export function firstRunStep({ base, checkpoint }: Bundled): StepCase {
  const { train: t, data } = firstRun;
  const target = targetOf(base, firstRun);
  const rows = Array.from({ length: t.batch_size }, (_, row) => {
    const ids = Array.from({ length: data.max_length }, (_, i) => hash(row, i) % base.config.vocabSize);
    return { ids, labels: ids };
  });
  const batch = makeBatch(rows);
  const few = makeBatch(rows.slice(0, 1), { maxLength: 8 });
  const { beta1, beta2, eps } = optimizers.adamw;
  return {
    name: "first run's step",
    target,
    B: batch.B,
    T: batch.T,
    losses: [12.111394, 11.686632, 10.946417],
    tolerance: 1e-3,
    async open(backend, small) {
      const { B, T } = small ? few : batch;
      const run = await Run.create({ backend, target, checkpoint, maxTokens: batch.B * batch.T, weightDecay: t.weight_decay, seed: t.seed });
      writeBatch(run, small ? few : batch);
      const micro = await run.plans.micro(B, T);
      const update = await run.plans.update();
      const loss = { ...micro.captures.get("loss")!, elements: 1 };
      run.plans.write("scalars", Float32Array.of(t.learning_rate, beta1, beta2, eps, t.max_grad_norm, 1, 0, 0));
      return {
        dispatches: { micro: micro.dispatches, update: update.dispatches },
        async step() {
          await backend.run(micro);
          await backend.run(update);
        },
        loss: async () => (await backend.read(loss))[0],
        destroy: () => run.destroy(),
      };
    },
  };
}
