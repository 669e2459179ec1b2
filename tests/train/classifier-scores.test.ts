// Scores of a classifier's modules: every proxy takes an encoder with a trained head, and every backend gives what the reference gives.

import { expect, test } from "vitest";
import type { LabelledExample } from "../../src/data/classification.ts";
import { hash } from "../../src/engine/random.ts";
import { size } from "../../src/engine/tensor.ts";
import { parseModel } from "../../src/models/index.ts";
import { figures, proxies } from "../../src/proxies/index.ts";
import { weightsOf } from "../../src/train/graphs.ts";
import { withHead } from "../../src/train/head.ts";
import { Run } from "../../src/train/run.ts";
import { calibrationBatches, probing, scoreSites } from "../../src/train/score.ts";
import { targetOf } from "../../src/train/subject.ts";
import { backends } from "../harness/backends.ts";
import { checkpointOf, keyOf, runConfig, uniform } from "../harness/tiny-model.ts";
import { relativeError } from "../harness/run.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const json = { architectures: ["BertModel"], hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 24, vocab_size: 23, max_position_embeddings: 16 }; // prettier-ignore

async function scored(name: keyof typeof backends): Promise<Record<string, number[]>> {
  const classes = 3;
  const base = { ...parseModel(json), classes };
  const body = weightsOf(base.model, base.config, classes).filter((w) => !w.name.startsWith("classifier"));
  const value = (tensor: string, i: number): number => (/Norm.weight/.test(tensor) ? 1 : 0) + 0.4 * uniform(keyOf(3, tensor), i);
  const tensors = body.map((w) => [w.name, { shape: w.shape, data: Float32Array.from({ length: size(w.shape) }, (_, i) => value(w.name, i)) }] as const);
  const checkpoint = withHead(await checkpointOf(Object.fromEntries(tensors)), base, 5);
  const config = runConfig({ target_modules: ["query", "value", "dense"], data: { max_length: 16 }, train: { batch_size: 4 } });
  const train: LabelledExample[] = Array.from({ length: 8 }, (_, row) => {
    const ids = Array.from({ length: 4 + (hash(row) % 8) }, (_, i) => hash(row, i) % 23);
    return { ids, typeIds: ids.map((_, i) => Number(i > 2)), label: row % classes };
  });
  const run = await Run.create({ backend: (await backends[name]())!, target: targetOf(base, config), checkpoint, maxTokens: 64, weightDecay: 0, seed: 0 });
  const batches = calibrationBatches({ train, heldOut: [], prompts: [], classes: ["a", "b", "c"], metrics: ["accuracy"] }, config, 2);
  const o = { B: "random" as const, seed: 0, train: config.train };
  const out: Record<string, number[]> = {};
  for (const proxy of Object.values(proxies)) out[proxy.name] = (await scoreSites(run, proxy, batches, o))!.scores;
  out["jacob-cov"] = [(await probing(run, batches, o, "holds", (probe) => figures["jacob-cov"].figure(probe)))!.value];
  run.destroy();
  return out;
}

test.each(["webgpu", "wasm"] as const)("%s scores as the reference does", { timeout: 240_000 }, async (name) => {
  if (name === "webgpu" && webgpuMissing) return;
  const [truth, value] = [await scored("reference"), await scored(name)];
  for (const [proxy, scores] of Object.entries(truth)) {
    expect(new Set(scores).size > 1 || proxy === "constant" || proxy === "jacob-cov", proxy).toBe(true);
    expect.soft(relativeError(value[proxy], scores), proxy).toBeLessThan(proxy === "grasp" ? 2e-2 : 1e-3);
  }
});
