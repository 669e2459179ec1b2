// The Llama architecture in its varieties: transformers' logits, WebGPU = reference, with and without the cache, with an adapter.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeBatch } from "../../src/data/batch.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { readLogits, writeBatch } from "../../src/train/evaluate.ts";
import { generate, greedy } from "../../src/train/generate.ts";
import { backends, webgpuForTests } from "../harness/backends.ts";
import { relativeError } from "../harness/run.ts";
import { type Tiny, examples, fillAdapter, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

interface Truth {
  name: string;
  config: Record<string, unknown>;
  ids: number[];
  logits: Record<string, number[]>;
  greedy: number[];
}
const truths = JSON.parse(readFileSync(join(import.meta.dirname, "llama.json"), "utf8")) as Truth[];

describe.each(["reference", "webgpu"] as const)("transformers' logits and greedy answers on %s", (name) => {
  test.skipIf(name === "webgpu" && webgpuMissing).each(truths)("$name", async ({ config, ids, logits, greedy: answer }) => {
    const tiny = await tinyModel(config);
    const run = await runOf((await backends[name]())!, tiny, runConfig({ data: { max_length: 48 } }));
    const batch = makeBatch([{ ids, labels: ids }]);
    writeBatch(run, batch);
    const all = await readLogits(run, batch.B, batch.T);
    for (const [t, row] of Object.entries(logits))
      expect(relativeError(all.subarray(Number(t) * 61, Number(t) * 61 + 61), row), `token ${t}`).toBeLessThan(2e-5);
    expect((await generate(run, [ids.slice(0, 20)], greedy(8)))[0]).toEqual(answer);
    run.destroy();
  });
});

test("config.json in the spelling before transformers 5 is the same model", async () => {
  const { config, ids, logits } = truths[0];
  const { rope_parameters, ...old } = config as { rope_parameters: { rope_theta: number; rope_type: string } };
  const { rope_theta, ...rope_scaling } = rope_parameters;
  const tiny = await tinyModel({ ...old, rope_theta, rope_scaling, torch_dtype: "float32" });
  const run = await runOf((await backends.reference())!, tiny, runConfig({ data: { max_length: 48 } }));
  const batch = makeBatch([{ ids, labels: ids }]);
  writeBatch(run, batch);
  expect(relativeError((await readLogits(run, batch.B, batch.T)).subarray(39 * 61, 40 * 61), logits["39"])).toBeLessThan(2e-5);
  run.destroy();
});

const llama3 = { rope_type: "llama3", factor: 4, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8 };

test.skipIf(webgpuMissing).each([
  ["grouped queries", {}],
  ["one key-value head", { num_key_value_heads: 1 }],
  ["as many as queries", { num_key_value_heads: 4 }],
  ["wide heads", { head_dim: 20 }],
  ["narrow heads", { head_dim: 4 }],
  ["hidden / heads no power of two", { hidden_size: 36, num_attention_heads: 3, num_key_value_heads: 3 }],
  ["own head, vocabulary 307", { tie_word_embeddings: false, vocab_size: 307 }],
  ["vocabulary 7", { vocab_size: 7 }],
  ["biases", { attention_bias: true, mlp_bias: true }],
  ["linear rope, another theta", { rope_theta: 500, rope_scaling: { type: "linear", factor: 2 } }],
  ["llama3 rope", { rope_scaling: llama3 }],
  ["one layer, another eps", { num_hidden_layers: 1, rms_norm_eps: 0.1 }],
])("WebGPU = reference, cached = whole sequence: %s", async (_, change: Record<string, unknown>) => {
  const tiny = await tinyModel(change);
  const V = tiny.base.config.vocabSize;
  const rows = examples(2, V, { longest: 24 });
  const config = runConfig({ r: 3, data: { max_length: 32 } });
  const logitsOn = async (backend: Backend, of: Tiny): Promise<{ logits: Float32Array; answers: number[][] }> => {
    const run = await runOf(backend, of, config);
    await fillAdapter(run);
    const batch = makeBatch(rows);
    writeBatch(run, batch);
    const logits = await readLogits(run, batch.B, batch.T);
    // Greedy answers from the cache are the arg maxes of the whole sequence, computed anew for each token.
    const answers = await generate(run, [rows[0].ids, rows[1].ids.slice(0, 3)], greedy(4)); // prettier-ignore
    const ids = [...rows[0].ids, ...answers[0]];
    const whole = makeBatch([{ ids, labels: ids }]);
    writeBatch(run, whole);
    const all = await readLogits(run, whole.B, whole.T);
    answers[0].forEach((id, i) => {
      const row = all.subarray((rows[0].ids.length - 1 + i) * V, (rows[0].ids.length + i) * V);
      expect(row.indexOf(Math.max(...row))).toBe(id);
    });
    run.destroy();
    const real = (t: number): boolean => batch.attentionMask[t] === 1;
    return { logits: logits.filter((_, i) => real(Math.floor(i / V))), answers };
  };
  const [value, truth] = [await logitsOn((await webgpuForTests())!, tiny), await logitsOn((await backends.reference())!, tiny)];
  expect(relativeError(value.logits, truth.logits)).toBeLessThan(2e-5);
  expect(value.answers).toEqual(truth.answers);
});
