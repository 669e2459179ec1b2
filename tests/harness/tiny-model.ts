// tiny-model.ts — a random Llama of a few thousand numbers, as the files a user would give (config.json, model.safetensors), with data to train on:
// what the training tests run instead of a downloaded model. Its "tokenizer" writes ids as numbers.

import type { Example } from "../../src/data/batch.ts";
import type { TextTokenizer } from "../../src/data/tokenizer.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { hash } from "../../src/engine/random.ts";
import { size } from "../../src/engine/tensor.ts";
import { type Checkpoint, openSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { parseModel } from "../../src/models/index.ts";
import type { Model, ModelConfig } from "../../src/models/model.ts";
import type { RunConfig } from "../../src/protocol.ts";
import { firstRun, parseConfig } from "../../src/train/config.ts";
import { weightsOf } from "../../src/train/graphs.ts";
import { Run } from "../../src/train/run.ts";
import { type Target, targetOf } from "../../src/train/subject.ts";
import type { TrainData } from "../../src/train/rows.ts";

export const llamaJson = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 61,
  hidden_size: 32,
  intermediate_size: 44,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  hidden_act: "silu",
};

export type Tensors = Record<string, { shape: readonly number[]; data: Float32Array }>;

export interface Tiny {
  json: Record<string, unknown>;
  base: { model: Model; config: ModelConfig };
  tensors: Tensors;
  checkpoint: Checkpoint;
}

/** Uniform in (−1, 1), a pure function of its keys. */
export const uniform = (...keys: number[]): number => hash(...keys) / 2 ** 31 - 1;

export const checkpointOf = (tensors: Tensors): Promise<Checkpoint> =>
  openSafetensors(new Map([["model.safetensors", bytesSource(writeSafetensors(Object.entries(tensors).map(([name, t]) => ({ name, ...t }))))]]));

/** A key of a name: values depend on it, not on the order of tensors. */
export const keyOf = (seed: number, name: string): number => [...name].reduce((h, c) => hash(h, c.charCodeAt(0)), seed);

/** `change`: fields of config.json that differ. Weights are large enough that every part of the model matters; tests/models/llama.py makes the same. */
export async function tinyModel(change: Record<string, unknown> = {}, seed = 7): Promise<Tiny> {
  const json = { ...llamaJson, ...change };
  const base = parseModel(json);
  const tensors: Tensors = {};
  for (const { name, shape } of weightsOf(base.model, base.config)) {
    const key = keyOf(seed, name);
    const [offset, scale] = name.includes("norm") ? [1, 0.3] : name.endsWith("bias") ? [0, 0.3] : [0, 1.7 / Math.sqrt(shape[1])];
    tensors[name] = { shape, data: Float32Array.from({ length: size(shape) }, (_, i) => offset + scale * uniform(key, i)) };
  }
  return { json, base, tensors, checkpoint: await checkpointOf(tensors) };
}

/** Rows of random tokens that repeat with a period, so that there is something to learn. Lengths from 5 to `longest`; the first three tokens do not count. */
export function examples(count: number, V: number, { longest = 16, seed = 1 }: { longest?: number; seed?: number } = {}): Example[] {
  return Array.from({ length: count }, (_, row) => {
    const length = 5 + (hash(seed, row, 0) % (longest - 4));
    const ids = Array.from({ length }, (_, i) => hash(seed, row % 4, 1 + (i % 3)) % V);
    return { ids, labels: ids.map((id, i) => (i < 3 ? -100 : id)) };
  });
}

export const numbers: TextTokenizer = {
  encode: (text) => text.split(" ").map(Number),
  decode: (ids) => ids.join(" "),
  pieces: (ids) => ids.map((id) => ` ${id}`),
  piece: (id) => ` ${id}`,
  eosId: null,
  stopIds: [],
  bosId: null,
  addBos: false,
  padId: null,
  template: null,
  vocabSize: llamaJson.vocab_size,
};

export const dataOf = (train: Example[], heldOut: Example[] = [], prompts: number[][] = []): TrainData => ({
  train,
  heldOut,
  prompts: prompts.map((ids) => ({ text: numbers.decode(ids), ids, expected: "" })),
  tokenizer: numbers,
});

type Change = Partial<Omit<RunConfig, "train" | "data" | "model">> & { train?: Partial<RunConfig["train"]>; data?: Partial<RunConfig["data"]> };

/** A short quiet run: constant rate, evaluation and answers only at the ends. */
export const runConfig = (change: Change = {}): RunConfig =>
  parseConfig({
    ...firstRun,
    r: 4,
    lora_alpha: 8,
    ...change,
    data: { ...firstRun.data, max_length: 16, ...change.data },
    train: {
      ...firstRun.train,
      steps: 4,
      batch_size: 2,
      learning_rate: 0.01,
      lr_scheduler_type: "constant",
      warmup_steps: 0,
      eval_every: 0,
      samples_every: 0,
      eval_rows: 8,
      ...change.train,
    },
  });

export const runOf = (backend: Backend, tiny: Tiny, config: RunConfig, target: Target = targetOf(tiny.base, config)): Promise<Run> =>
  Run.create({
    backend,
    target,
    checkpoint: tiny.checkpoint,
    maxTokens: config.train.batch_size * config.data.max_length,
    weightDecay: config.train.weight_decay,
    seed: config.train.seed,
  });

/** Gives B values too, as after training: an adapter that changes the answers. By the tensors' names, whatever their order. */
export async function fillAdapter(run: Run, seed = 5, scale = 0.3): Promise<void> {
  for (const s of run.parameters.segments) {
    const key = keyOf(seed, s.name);
    const site = run.target.ranks.get(s.name.slice(0, s.name.lastIndexOf(".")));
    const used = site ? site.r * s.shape[1] : s.elements;
    run.parameters.write(
      s.name,
      Float32Array.from({ length: s.elements }, (_, i) => (i < used ? scale * uniform(key, i) : 0)),
    );
  }
}

/** ‖value − truth‖₂ / ‖truth − start‖₂: how far two trainings ended apart, measured by how far they went. */
export function apart(value: ArrayLike<number>, truth: ArrayLike<number>, start: ArrayLike<number>): number {
  let [difference, way] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    difference += (value[i] - truth[i]) ** 2;
    way += (truth[i] - start[i]) ** 2;
  }
  return Math.sqrt(difference / way);
}
