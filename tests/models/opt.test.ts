// OPT beyond what its golden case covers: all gradients of full fine-tuning, padding on the left, and configurations that are refused.

import { describe, expect, test } from "vitest";
import type { Graph } from "../../src/engine/graph.ts";
import { type NdArray, nd, ndInt } from "../../src/engine/reference/nd-array.ts";
import { size } from "../../src/engine/tensor.ts";
import { parseModel } from "../../src/models/index.ts";
import { ConfigError } from "../../src/models/model.ts";
import { evaluationGraph, gradientOf, microGraph } from "../../src/train/graphs.ts";
import { targetOfBase } from "../../src/train/subject.ts";
import { interpret } from "../harness/interpret.ts";
import { noise } from "../ops/cases/op-case.ts";

const config = {
  architectures: ["OPTForCausalLM"],
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  ffn_dim: 12,
  vocab_size: 11,
  max_position_embeddings: 8,
  word_embed_proj_dim: 8,
  activation_function: "gelu_new",
};

const subjectOf = (changes: Record<string, unknown>, trained: boolean) => {
  const { subject } = targetOfBase(parseModel({ ...config, ...changes }));
  return { ...subject, adaptation: { ...subject.adaptation, trains: () => trained } };
};

const PAD = 1;
const batch = {
  inputIds: ndInt([2, 5], [PAD, PAD, 4, 9, 3, 7, 2, 9, PAD, PAD]),
  mask: ndInt([2, 5], [0, 0, 1, 1, 1, 1, 1, 1, 0, 0]),
  labels: ndInt([2, 5], [-100, -100, 9, 3, -100, 2, 9, -100, -100, -100]),
  denominator: nd([1], [4]),
};

/** Every leaf of the graph: the batch, gradients of zero, weights of noise that depends on their name. */
function valuesOf(graph: Graph, given: Record<string, NdArray>): Record<string, NdArray> {
  const leaves = [...graph.leaves.values()];
  const value = ({ name, kind, tensor: { shape } }: (typeof leaves)[number]): NdArray => {
    if (kind === "state") return nd(shape);
    const seed = [...name].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7);
    return nd(shape, noise(shape, seed).data.map((v) => (/norm.weight/.test(name) ? 1 + v / 2 : v / 2))); // prettier-ignore
  };
  return Object.fromEntries(leaves.map((l) => [l.name, given[l.name] ?? value(l)]));
}

describe.each([
  { activation_function: "gelu_new" },
  { activation_function: "gelu", enable_bias: false },
  { activation_function: "gelu_new", tie_word_embeddings: false },
  { activation_function: "gelu_new", do_layer_norm_before: false, word_embed_proj_dim: 4 },
])("%o", (changes) => {
  const graph = microGraph(subjectOf(changes, true), 2, 5);
  const values = valuesOf(graph, batch);
  const value = interpret(graph, values);
  const loss = (inputs: Record<string, NdArray>): number => interpret(graph, inputs)(graph.captures.get("loss")!).data[0];
  const trained = [...graph.leaves.values()].filter((l) => l.kind === "param");

  test.each(trained.map((l) => [l.name, l] as const))("gradient of %s is the central difference", (name, l) => {
    const leaf = [...graph.leaves.values()].find((g) => g.name === gradientOf(name))!;
    const gradient = value(graph.nodes.findLast((n) => n.inputs.includes(leaf.tensor))!.outputs[0]).data;
    const n = size(l.tensor.shape);
    const stride = Math.max(1, Math.floor(n / 12));
    const h = 1e-5;
    for (let i = 0; i < n; i += stride) {
      const moved = (by: number): number => {
        const there = nd(l.tensor.shape, values[name].data);
        there.data[i] += by;
        return loss({ ...values, [name]: there });
      };
      expect.soft(Math.abs((moved(h) - moved(-h)) / (2 * h) - gradient[i]), `element ${i}`).toBeLessThan(1e-8);
    }
    expect(Math.max(...Array.from(gradient, Math.abs))).toBeGreaterThan(name.includes("k_proj.bias") ? -1 : 1e-6);
  });
});

test("padding on the left or right changes no logits", () => {
  const logits = (inputIds: number[], mask: number[]): number[][] => {
    const T = inputIds.length;
    const graph = evaluationGraph(subjectOf({}, false), 1, T, "logits");
    const given = { inputIds: ndInt([1, T], inputIds), mask: ndInt([1, T], mask) };
    const { data } = interpret(graph, valuesOf(graph, given))(graph.captures.get("logits")!);
    const width = data.length / T;
    return Array.from({ length: T }, (_, t) => [...data.subarray(t * width, (t + 1) * width)]).filter((_, t) => mask[t] === 1);
  };
  const alone = logits([4, 9, 3], [1, 1, 1]);
  for (const padded of [logits([PAD, PAD, 4, 9, 3], [0, 0, 1, 1, 1]), logits([4, 9, 3, PAD, PAD], [1, 1, 1, 0, 0])])
    padded.flat().forEach((l, i) => expect(l).toBeCloseTo(alone.flat()[i], 12));
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ["norms without weights", { layer_norm_elementwise_affine: false }, /layer_norm_elementwise_affine/],
  ["no last norm", { _remove_final_layer_norm: true }, /_remove_final_layer_norm: is true/],
  ["embeddings of odd width", { word_embed_proj_dim: 6 }, /word_embed_proj_dim: is 6, no multiple of 4/],
  ["another activation", { activation_function: "silu" }, /activation_function: is "silu".*relu, gelu, gelu_new/],
  ["heads that do not divide", { num_attention_heads: 3 }, /num_attention_heads: 3 does not divide/],
  ["heads of odd size", { num_attention_heads: 4 }, /hidden_size \/ num_attention_heads: is 2, no multiple of 4/],
  ["no MLP width", { ffn_dim: undefined }, /ffn_dim: must be a whole number/],
])("refused: %s", (_, changes, message) => {
  const parse = (): unknown => parseModel({ ...config, ...changes });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(message);
});

test("a batch longer than the table of positions is refused", () => {
  expect(() => evaluationGraph(subjectOf({}, false), 1, 9)).toThrow(/9 tokens, but the model has 8 positions/);
});
