// Classifiers beyond what their golden cases cover: all gradients of full fine-tuning, regression, padding, names in older checkpoints, a new head.

import { describe, expect, test } from "vitest";
import type { Graph } from "../../src/engine/graph.ts";
import { type NdArray, nd, ndInt } from "../../src/engine/reference/nd-array.ts";
import { size } from "../../src/engine/tensor.ts";
import { underNames } from "../../src/formats/checkpoint-names.ts";
import { classesOf } from "../../src/models/config.ts";
import { parseModel } from "../../src/models/index.ts";
import { ConfigError } from "../../src/models/model.ts";
import { evaluationGraph, gradientOf, microGraph, weightsOf } from "../../src/train/graphs.ts";
import { missingHead, withHead } from "../../src/train/head.ts";
import { siteInfos, targetOf, targetOfBase } from "../../src/train/subject.ts";
import { interpret } from "../harness/interpret.ts";
import { checkpointOf, runConfig } from "../harness/tiny-model.ts";
import { noise } from "../ops/cases/op-case.ts";

const config = {
  architectures: ["BertModel"],
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 12,
  vocab_size: 11,
  max_position_embeddings: 9,
  hidden_act: "gelu",
};
const roberta = { architectures: ["RobertaModel"], pad_token_id: 1, type_vocab_size: 1 };

const baseOf = (changes: Record<string, unknown>, classes: number) => ({ ...parseModel({ ...config, ...changes }), classes });
const subjectOf = (changes: Record<string, unknown>, classes: number, trained: boolean) => {
  const { subject } = targetOfBase(baseOf(changes, classes));
  return { ...subject, adaptation: { ...subject.adaptation, trains: () => trained } };
};

const batch = (oneType: boolean) => ({
  inputIds: ndInt([3, 4], [2, 9, 3, 7, 4, 5, 0, 0, 6, 0, 0, 0]),
  mask: ndInt([3, 4], [1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0]),
  typeIds: ndInt([3, 4], oneType ? new Array<number>(12).fill(0) : [0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0]),
  labels: ndInt([3], [2, 0, 1]),
  values: nd([3], [0.5, -1, 2]),
  denominator: nd([1], [3]),
});

/** Every leaf of the graph: the batch, gradients of zero, weights of noise that depends on their name; what pads the head is zero. */
function valuesOf(graph: Graph, given: Record<string, NdArray>): Record<string, NdArray> {
  const value = ({ name, kind, parts, tensor: { shape } }: ReturnType<typeof leavesOf>[number]): NdArray => {
    if (kind === "state") return nd(shape);
    const seed = [...name].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7);
    const used = parts.reduce((sum, p) => sum + size(p.shape), 0);
    return nd(shape, noise(shape, seed).data.map((v, i) => (i < used ? (/Norm.weight/.test(name) ? 1 + v / 2 : v / 2) : 0))); // prettier-ignore
  };
  return Object.fromEntries(leavesOf(graph).map((l) => [l.name, given[l.name] ?? value(l)]));
}
const leavesOf = (graph: Graph) => [...graph.leaves.values()];

describe.each<[string, Record<string, unknown>, number]>([
  ["bert, 3 classes", {}, 3],
  ["bert, a value", { hidden_act: "gelu_new" }, 1],
  ["roberta, 5 classes", roberta, 5],
])("%s", (_, changes, classes) => {
  const graph = microGraph(subjectOf(changes, classes, true), 3, 4);
  const values = valuesOf(graph, batch("type_vocab_size" in changes));
  const value = interpret(graph, values);
  const loss = (inputs: Record<string, NdArray>): number => interpret(graph, inputs)(graph.captures.get("loss")!).data[0];
  const trained = leavesOf(graph).filter((l) => l.kind === "param");

  test.each(trained.map((l) => [l.name, l] as const))("gradient of %s is the central difference", (name, l) => {
    const leaf = leavesOf(graph).find((g) => g.name === gradientOf(name))!;
    const gradient = value(graph.nodes.findLast((n) => n.inputs.includes(leaf.tensor))!.outputs[0]).data;
    const used = l.parts.reduce((sum, p) => sum + size(p.shape), 0);
    const h = 1e-5;
    for (let i = 0; i < used; i += Math.max(1, Math.floor(used / 9))) {
      const moved = (by: number): number => {
        const there = nd(l.tensor.shape, values[name].data);
        there.data[i] += by;
        return loss({ ...values, [name]: there });
      };
      expect.soft(Math.abs((moved(h) - moved(-h)) / (2 * h) - gradient[i]), `element ${i}`).toBeLessThan(1e-8);
    }
    expect(Array.from(gradient.subarray(used)).every((g) => g === 0)).toBe(true);
  });
});

test.each([{}, roberta])("padding changes no logits (%o)", (changes) => {
  const logits = (inputIds: number[], mask: number[]): Float64Array => {
    const T = inputIds.length;
    const graph = evaluationGraph(subjectOf(changes, 2, false), 1, T, "logits");
    const zeros = new Array<number>(T).fill(0);
    const given = {
      inputIds: ndInt([1, T], inputIds),
      mask: ndInt([1, T], mask),
      typeIds: ndInt([1, T], zeros),
      labels: ndInt([1], [0]),
      denominator: nd([1], [1]),
    };
    return interpret(graph, valuesOf(graph, given))(graph.captures.get("logits")!).data as Float64Array;
  };
  const alone = logits([4, 9, 3], [1, 1, 1]);
  logits([4, 9, 3, 1, 1], [1, 1, 1, 0, 0]).forEach((l, i) => expect(l).toBeCloseTo(alone[i], 12));
});

test("modules of one name in a layer are told apart; RoBERTa's head is no module", () => {
  const run = runConfig({ target_modules: ["dense", "query"], r: 2 });
  const bert = targetOf(baseOf({}, 2), run);
  expect(siteInfos(bert).map((s) => [s.layer, s.module, s.r])).toEqual([
    [0, "query", 2],
    [0, "key", 0],
    [0, "value", 0],
    [0, "attention.output.dense", 2],
    [0, "intermediate.dense", 2],
    [0, "output.dense", 2],
    [-1, "pooler.dense", 2],
  ]);
  const { sites, subject } = targetOf(baseOf(roberta, 2), run);
  expect(sites.map((s) => s.name).filter((n) => n.startsWith("classifier"))).toEqual([]);
  expect(weightsOf(subject.model, subject.config, 2).filter((w) => subject.adaptation.trains(w.name)).map((w) => [w.name, w.shape])).toEqual([
    ["classifier.dense.weight", [8, 8]],
    ["classifier.dense.bias", [8]],
    ["classifier.out_proj.weight", [2, 8]],
    ["classifier.out_proj.bias", [2]],
  ]); // prettier-ignore
});

test("a checkpoint of the body alone, with names from before, is read under today's; its head is new and of the asked size", async () => {
  const base = baseOf({}, 3);
  const names = weightsOf(base.model, base.config, 3).filter((w) => !w.name.startsWith("classifier"));
  const old = (name: string): string => name.replace("bert.", "").replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"); // prettier-ignore
  const stored = await checkpointOf(Object.fromEntries(names.map(({ name, shape }, i) => [old(name), { shape, data: new Float32Array(size(shape)).fill(i) }])));
  expect(stored.has("bert.pooler.dense.weight")).toBe(false);
  const checkpoint = underNames(stored, "bert");
  for (const [i, { name, shape }] of names.entries()) {
    expect(checkpoint.shape(name)).toEqual(shape);
    expect((await checkpoint.read(name))[0]).toBe(i);
  }
  expect(checkpoint.has("classifier.weight")).toBe(false);

  const ready = withHead(checkpoint, { ...base, classes: 500 }, 1);
  const head = await ready.read("classifier.weight");
  expect(head.length).toBe(4000);
  const mean = head.reduce((a, b) => a + b, 0) / head.length;
  const deviation = Math.sqrt(head.reduce((sum, v) => sum + (v - mean) ** 2, 0) / head.length);
  expect(Math.abs(mean)).toBeLessThan(0.001);
  expect(Math.abs(deviation - 0.02)).toBeLessThan(0.001);
  expect(await ready.read("classifier.weight")).toEqual(head);
  expect(await withHead(checkpoint, { ...base, classes: 500 }, 2).read("classifier.weight")).not.toEqual(head);
  expect(new Set(await ready.read("classifier.bias"))).toEqual(new Set([0]));
});

test("a head that is there is taken, one for other classes is not", async () => {
  const base = baseOf({}, 2);
  const tensors = Object.fromEntries(weightsOf(base.model, base.config, 2).map(({ name, shape }) => [name, { shape, data: new Float32Array(size(shape)).fill(0.5) }])); // prettier-ignore
  const checkpoint = await checkpointOf(tensors);
  expect(missingHead(checkpoint, base)).toEqual([]);
  expect(withHead(checkpoint, base, 1)).toBe(checkpoint);
  expect(missingHead(checkpoint, { ...base, classes: 3 }).map((w) => w.name)).toEqual(["classifier.weight", "classifier.bias"]);
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ["relative positions", { position_embedding_type: "relative_key" }, /position_embedding_type: is "relative_key"/],
  ["a decoder", { is_decoder: true }, /is_decoder: is true: only encoders/],
  ["heads that do not divide", { num_attention_heads: 3 }, /num_attention_heads: 3 does not divide/],
  ["an unknown activation", { hidden_act: "mish" }, /hidden_act: is "mish"/],
  ["no place for a token", { ...roberta, max_position_embeddings: 2 }, /max_position_embeddings: is 2, of which 2 are not used/],
])("refused: %s", (_, changes, message) => {
  const parse = (): unknown => parseModel({ ...config, ...changes });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(message);
});

test("an encoder cannot write", () => {
  expect(() => targetOf(parseModel(config), runConfig({ target_modules: ["query"] }))).toThrow(/model.task: is causal-lm, bert cannot write.*"classification"/);
});

test("classes of a config.json", () => {
  expect(classesOf({})).toBe(2);
  expect(classesOf({ id2label: { 0: "a", 1: "b", 2: "c" } })).toBe(3);
  expect(classesOf({ num_labels: 1 })).toBe(1);
});
