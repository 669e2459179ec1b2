// A classifier trained from labelled rows: it learns, says what it measured, leaves the base as it was, and comes back from its PEFT folder.

import { expect, test } from "vitest";
import type { LabelledExample } from "../../src/data/classification.ts";
import { hash } from "../../src/engine/random.ts";
import { size } from "../../src/engine/tensor.ts";
import { readAdapter, writeAdapter } from "../../src/formats/peft.ts";
import { parseModel } from "../../src/models/index.ts";
import type { TrainEvent } from "../../src/protocol.ts";
import { predict } from "../../src/train/classify.ts";
import { Control } from "../../src/train/control.ts";
import { weightsOf } from "../../src/train/graphs.ts";
import { withHead } from "../../src/train/head.ts";
import { Run } from "../../src/train/run.ts";
import { siteInfos, targetOf, targetOfAdapter } from "../../src/train/subject.ts";
import { train } from "../../src/train/trainer.ts";
import { backends } from "../harness/backends.ts";
import { checkpointOf, keyOf, runConfig, uniform } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const V = 23;
const json = {
  architectures: ["BertModel"],
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  vocab_size: V,
  max_position_embeddings: 16,
};

async function modelFor(classes: number) {
  const base = { ...parseModel(json), classes };
  const body = weightsOf(base.model, base.config, classes).filter((w) => !w.name.startsWith("classifier"));
  const value = (name: string, i: number): number => (/Norm.weight/.test(name) ? 1 : 0) + 0.4 * uniform(keyOf(3, name), i);
  const tensors = body.map(({ name, shape }) => [name, { shape, data: Float32Array.from({ length: size(shape) }, (_, i) => value(name, i)) }] as const);
  return { base, checkpoint: withHead(await checkpointOf(Object.fromEntries(tensors)), base, 5) };
}

/** A row's tokens are neighbours in the vocabulary; its class is the part of the vocabulary they are of, its value their place in it, 0..4. */
const rows = (count: number, classes: number, seed: number): LabelledExample[] =>
  Array.from({ length: count }, (_, row) => {
    const label = classes === 1 ? (4 * (hash(seed, row) % 100)) / 100 : hash(seed, row) % classes;
    const first = Math.floor((label * (V - 7)) / (classes === 1 ? 4 : classes - 1));
    const ids = Array.from({ length: 4 + (hash(seed, row, 1) % 8) }, (_, i) => first + (hash(seed, row, i, 2) % 7));
    return { ids, typeIds: ids.map((_, i) => Number(i > 2)), label };
  });

const configOf = (steps: number) =>
  runConfig({
    target_modules: ["query", "value", "dense"],
    data: { max_length: 16 },
    train: { steps, batch_size: 8, learning_rate: 0.02, eval_rows: 60, samples_every: 0 },
  });

async function trained(name: "webgpu" | "wasm" | "reference", classes: number, steps: number) {
  const backend = (await backends[name]())!;
  const { base, checkpoint } = await modelFor(classes);
  const config = configOf(steps);
  const target = targetOf(base, config);
  const run = await Run.create({ backend, target, checkpoint, maxTokens: 8 * 16, weightDecay: 0, seed: 0 });
  const heldOut = rows(60, classes, 2);
  const names = classes === 1 ? null : ["low", "middle", "high"].slice(0, classes);
  const prompts = heldOut.slice(0, 2).map((example, i) => ({ text: `row ${i}`, example, expected: String(names?.[example.label] ?? example.label) }));
  const events: TrainEvent[] = [];
  const data = {
    train: rows(160, classes, 1),
    heldOut,
    prompts,
    classes: names,
    metrics: classes === 1 ? (["pearson"] as const) : (["accuracy", "matthews"] as const),
  };
  const before = await predict(run, heldOut, 8, 16);
  await train(run, data, config, new Control(config.train.learning_rate), (e) => events.push(e));
  return { run, base, checkpoint, backend, target, config, heldOut, before, events };
}

test.skipIf(webgpuMissing)("three classes, on WebGPU: learned, measured, exported", { timeout: 240_000 }, async () => {
  const { run, base, checkpoint, backend, target, heldOut, before, events } = await trained("webgpu", 3, 60);
  const [first, last] = events.filter((e) => e.type === "evaluation");
  expect(first).toMatchObject({ step: 0, rows: 60 });
  expect(Object.keys(last.metrics!)).toEqual(["accuracy", "matthews"]);
  expect(last.metric).toBe(last.metrics!.accuracy);
  expect(last.metric).toBeGreaterThan(0.7);
  expect(last.loss).toBeLessThan(0.75 * first.loss);
  const samples = events.filter((e) => e.type === "sample");
  expect(samples.map((e) => [e.step, e.which])).toEqual([[0, "base"], [0, "base"], [60, "tuned"], [60, "tuned"]]); // prettier-ignore
  for (const e of samples) expect(e.text).toMatch(/^(low|middle|high) \(\d+ %\)$/);

  // What it says now is the evaluation's own count; the base, asked in between, says what it said before.
  const tuned = (await predict(run, heldOut, 8, 16))!;
  expect(tuned.filter((p, i) => p.label === heldOut[i].label).length / 60).toBeCloseTo(last.metric, 10);
  expect(await run.asBase(null, () => predict(run, heldOut, 8, 16))).toEqual(before);
  expect(await predict(run, heldOut, 8, 16)).toEqual(tuned);

  const saved = await run.saved();
  expect(saved.map((t) => [t.name, t.shape])).toEqual([["classifier.weight", [3, 16]], ["classifier.bias", [3]]]); // prettier-ignore
  const modules = await Promise.all(
    siteInfos(target).filter((s) => s.r).map(async (s) => ({ path: s.name, r: s.r, alpha: s.alpha, in: s.in, out: s.out, ...(await run.lowRank(s.name)) })),
  ); // prettier-ignore
  const files = writeAdapter({ baseModel: "tiny", taskType: "SEQ_CLS", modules, saved: { modules: ["classifier"], tensors: saved } });
  const read = async (change: Record<string, unknown> = {}) =>
    readAdapter(
      new Map([
        ["adapter_config.json", new TextEncoder().encode(JSON.stringify({ ...(JSON.parse(files["adapter_config.json"]) as object), ...change }))],
        ["adapter_model.safetensors", files["adapter_model.safetensors"]],
      ]),
    );
  const peft = await read();
  expect(peft.config).toMatchObject({ task_type: "SEQ_CLS", modules_to_save: ["classifier"] });
  const again = await Run.create({ backend, target: targetOfAdapter(base, peft), checkpoint, maxTokens: 8 * 16, weightDecay: 0, seed: 0 });
  again.load(peft);
  expect(await predict(again, heldOut, 8, 16)).toEqual(tuned);
  expect(await again.asBase(null, () => predict(again, heldOut, 8, 16))).toEqual(before);

  expect(() => targetOfAdapter({ ...base, classes: 2 }, peft)).toThrow(/"classifier\.\w+" is \(3.*\), the data's classes need \(2/);
  expect(() => targetOfAdapter({ ...base, classes: undefined }, peft)).toThrow(/does not have|no part of this task's head/);
  const headless = { ...peft, saved: new Map() };
  expect(() => targetOfAdapter(base, headless)).toThrow(/does not hold "classifier.weight"/);
  await expect(read({ modules_to_save: null })).rejects.toThrow(/classifier\.\w+".*is not named/);
  again.destroy();
  run.destroy();
});

test("a value, on wasm: mean squared error falls, the correlation rises", { timeout: 240_000 }, async () => {
  const { run, events } = await trained("wasm", 1, 70);
  const [first, last] = events.filter((e) => e.type === "evaluation");
  expect(last.loss).toBeLessThan(0.6 * first.loss);
  expect(last.metric).toBe(last.metrics!.pearson);
  expect(last.metric).toBeGreaterThan(0.6);
  for (const e of events.filter((e) => e.type === "sample")) expect(e.text).toMatch(/^-?\d+\.\d\d$/);
  run.destroy();
});
