// probe-graphs.ts — the graphs that scores are read from, made of the training graph: traced as it is, then gone over once more with something else
// in place (weights without signs, inputs of ones, outputs of sites scaled, cotangents rescaled), then differentiated.

import { type Graph, type Node, at, capture, graphNow, leaf, producer, region, trace } from "../engine/graph.ts";
import { grad } from "../engine/grad.ts";
import { type Tensor, last, size } from "../engine/tensor.ts";
import { abs } from "../ops/abs.ts";
import { add, addInto } from "../ops/add.ts";
import { columnSum } from "../ops/column-sum.ts";
import { columns, concat } from "../ops/concat.ts";
import { mul, scaleBy } from "../ops/elementwise.ts";
import { embedding, embeddingOp } from "../ops/embedding.ts";
import { fill } from "../ops/fill.ts";
import { fisher } from "../ops/fisher.ts";
import { type LinearAttrs, linearOp } from "../ops/linear.ts";
import { lowRankOp } from "../ops/low-rank.ts";
import type { MatmulAttrs } from "../ops/matmul.ts";
import { sum } from "../ops/reduce.ts";
import { rescale } from "../ops/rescale.ts";
import { reshape } from "../ops/reshape.ts";
import { type SegmentExpression, segmentSums } from "../ops/segment-sums.ts";
import type { RankProxy } from "../proxies/proxy.ts";
import { type Subject, batchLeaves, classify, gradientOf, headOf, params, trainingLoss, wholeSequence } from "./graphs.ts";
import { tracedScope } from "./traced-scope.ts";

/** What is scored: the training loss, or Σ of all logits times the leaf "cotangent". */
export type Objective = "loss" | "logits";

interface Changes {
  /** Every weight and every parameter without its sign, made anew where it is read. */
  absolute?: boolean;
  /** Inputs of the first layer are 1 instead of the tokens' embeddings. */
  ones?: boolean;
  /** The output of each adapted site is multiplied by the leaf "gain <site>": a layer's whole output, a shortcut's low-rank part. */
  gains?: boolean;
  /** Between layers cotangents are multiplied by the leaf "rescale <layer>"; gives the layers in order. */
  rescaled?: string[];
}

/** Goes over what was traced so far. Returns what a tensor has become. */
function change({ absolute, ones, gains, rescaled }: Changes): (t: Tensor) => Tensor {
  const graph = graphNow();
  const before = graph.nodes;
  const between = rescaled ? layerOutputs(before) : new Map<number, string>();
  graph.nodes = [];
  const now = new Map<number, Tensor>();
  const is = (t: Tensor): Tensor => now.get(t.id) ?? t;
  const one = (node: Node): void => {
    if (ones && isWordEmbedding(graph, node)) return void now.set(node.outputs[0].id, fill(node.outputs[0].shape, 1));
    const unsigned = (t: Tensor): Tensor => {
      const kind = graph.leaves.get(t.id)?.kind;
      if (!absolute || (kind !== "weight" && kind !== "param")) return is(t);
      const made = abs(t);
      now.set(t.id, made);
      return made;
    };
    graph.nodes.push({ ...node, inputs: node.inputs.map(unsigned) });
    const [y] = node.outputs;
    if (gains && [linearOp.name, lowRankOp.name].includes(node.op.name)) now.set(y.id, gained(graph, node));
    const layer = between.get(y.id);
    if (layer === undefined) return;
    now.set(y.id, rescale(is(y), leaf("input", `rescale ${layer}`, [1])));
    if (!rescaled!.includes(layer)) rescaled!.push(layer);
  };
  for (const node of before) {
    const traced = (): void => at(node.site, () => one(node));
    if (node.region) region(node.region, traced);
    else traced();
  }
  return is;
}

const isWordEmbedding = (graph: Graph, node: Node): boolean => node.op.name === embeddingOp.name && graph.leaves.get(node.inputs[0].id)?.name === "inputIds";

/** The tensors that each layer hands on, where layers form a chain: all of them to the next. None where they do not. */
function layerOutputs(nodes: readonly Node[]): Map<number, string> {
  const made = new Map(nodes.flatMap((n) => n.outputs.map((t) => [t.id, n.region] as const)));
  const out = new Map<number, string>();
  const next = new Map<string, string>();
  for (const n of nodes)
    for (const t of n.inputs) {
      const from = made.get(t.id);
      if (!from || from === n.region) continue;
      if ((next.get(from) ?? n.region) !== n.region) return new Map();
      next.set(from, n.region);
      out.set(t.id, from);
    }
  return out;
}

/** Names of the sites of a linear node, in order; "" for one without a branch. A shortcut's node has one site. */
function sitesOfNode(graph: Graph, { op, inputs, attrs }: Node): string[] {
  const t = attrs as LinearAttrs;
  const { parts } = graph.leaves.get(inputs[1].id) ?? { parts: [] };
  if (op.name === lowRankOp.name) return parts.map((p) => p.name.slice(0, p.name.lastIndexOf(".")));
  return t.outs.map((_, i) => (t.ranks?.[i] ? (parts[i]?.name.replace(/\.weight$/, "") ?? "") : ""));
}

function gained(graph: Graph, node: Node): Tensor {
  const [y] = node.outputs;
  const names = sitesOfNode(graph, node);
  if (!names.some(Boolean)) return y;
  const outs = node.op.name === lowRankOp.name ? [last(y.shape)] : (node.attrs as LinearAttrs).outs;
  let from = 0;
  const pieces = outs.map((out, i) => {
    const piece = outs.length === 1 ? y : columns(y, from, out);
    from += out;
    return names[i] ? scaleBy(piece, leaf("input", gainOf(names[i]), [1])) : piece;
  });
  return concat(pieces);
}

export const gainOf = (site: string): string => `gain ${site}`;

/** Σ of all logits (1): the columns of the head are summed first, so that no logits are made. */
function logitSum(subject: Subject, scope: ReturnType<typeof tracedScope>, h: Tensor): Tensor {
  if (subject.classes) return sum(classify(subject, scope, h, subject.classes));
  const row = reshape(columnSum(headOf(subject, scope)), [1, last(h.shape)]);
  const zeros = leaf("constant", `zeros (${h.shape.slice(0, -1)})`, h.shape.slice(0, -1), "i32", undefined, () => new Float32Array(size(h.shape.slice(0, -1))));
  return sum(mul(h, embedding(zeros, row)));
}

/** The objective, traced and changed, without dropout. */
function objective(subject: Subject, B: number, T: number, of: Objective, changes: Changes): { value: Tensor; is: (t: Tensor) => Tensor } {
  const { model, config, classes, adaptation } = subject;
  const batch = batchLeaves(B, T, classes);
  const scope = tracedScope(adaptation, wholeSequence(batch.mask, false));
  const h = model.forward(scope, config, batch.inputIds);
  const traced = of === "loss" ? trainingLoss(subject, scope, h, batch) : scaleBy(logitSum(subject, scope, h), leaf("input", "cotangent", [1]));
  const is = change(changes);
  return { value: is(traced), is };
}

/** Gradients of the adapters' parameters, added to their leaves. Captures: loss (1). `layers`: whose cotangents can be rescaled, in order. */
export function gradientGraph(subject: Subject, B: number, T: number, of: Objective, unsignedOnes: boolean): { graph: Graph; layers: string[] } {
  const layers: string[] = [];
  const { graph } = trace(() => {
    const changes = unsignedOnes ? { absolute: true, ones: true, rescaled: layers } : {};
    const { value, is } = objective(subject, B, T, of, changes);
    capture("loss", value);
    const trained = params(graphNow());
    // Copies without signs are made again in backward instead of kept: one layer's at a time.
    const gradients = grad(value, trained.map((l) => is(l.tensor)), add, { recompute: unsignedOnes || subject.recompute }); // prettier-ignore
    trained.forEach((l, i) => {
      if (gradients[i]) addInto(leaf("state", gradientOf(l.name), l.tensor.shape), gradients[i]);
    });
  });
  return { graph, layers };
}

/** Captures one (sites) tensor per group of sites that share an input: their Fisher scores on the batch. `sites` names them in order. */
export function fisherGraph(subject: Subject, B: number, T: number): { graph: Graph; sites: string[] } {
  const sites: string[] = [];
  const { graph } = trace(() => {
    const { value } = objective(subject, B, T, "loss", {});
    const lows = params(graphNow()).filter((l) => l.parts.every((p) => p.name.endsWith("_B")));
    const gradients = grad(value, lows.map((l) => l.tensor), add, { recompute: subject.recompute }); // prettier-ignore
    lows.forEach((l, i) => {
      // dB = scale · Pᵀ dy: its node holds both that are needed, and the score is made in its place.
      const node = gradients[i] && producer(gradients[i]);
      if (!node) return;
      const { problems } = node.attrs as MatmulAttrs;
      const [P, dy, scales] = node.inputs;
      const low = problems.map((p) => ({ r: p.M, out: p.N, rankAt: p.a, outAt: p.b, blockAt: p.c, scale: p.scale! }));
      const { nodes } = graphNow();
      const before = nodes.length;
      // A layer behind the choice of one token has one position per row.
      const perRow = (t: Tensor): Tensor => (t.shape.length === 2 ? reshape(t, [t.shape[0], 1, t.shape[1]]) : t);
      capture(`fisher ${sites.length}`, fisher(perRow(P), perRow(dy), l.tensor, scales, low));
      nodes.splice(nodes.indexOf(node), 0, ...nodes.splice(before));
      sites.push(...l.parts.map((p) => p.name.slice(0, p.name.lastIndexOf("."))));
    });
  });
  return { graph, sites };
}

/** Captures: loss (1), with the gain of every adapted site in. */
export const gainGraph = (subject: Subject, B: number, T: number): Graph =>
  trace(() => void capture("loss", objective(subject, B, T, "loss", { gains: true }).value)).graph;

/** Captures: inputs (B, T, C) = ∂ Σ logits / ∂ embeddings. */
export function inputGraph(subject: Subject, B: number, T: number): Graph {
  return trace(() => {
    const { value } = objective(subject, B, T, "logits", {});
    const graph = graphNow();
    const words = graph.nodes.find((n) => isWordEmbedding(graph, n))!.outputs[0];
    capture("inputs", grad(value, [words], add, { recompute: subject.recompute })[0]!);
  }).graph;
}

/** The graph of each probe, to be measured before it is run; null: it needs none. */
export const probeGraphs: Record<RankProxy["probe"], (subject: Subject, B: number, T: number) => Graph | null> = {
  gradients: (subject, B, T) => gradientGraph(subject, B, T, "loss", false).graph,
  fisher: (subject, B, T) => fisherGraph(subject, B, T).graph,
  unsigned: (subject, _, T) => gradientGraph(subject, 1, T, "logits", true).graph,
  gains: gainGraph,
  inputs: inputGraph,
  none: () => null,
};

/** Captures: sums (S), of the flat buffers. */
export function sumsGraph(elements: number, segments: number, of: SegmentExpression): Graph {
  return trace(() => {
    const flat = (name: string): Tensor => leaf("state", name, [elements]);
    capture("sums", segmentSums(flat("parameters"), flat("gradients"), leaf("state", "segments", [segments, 8], "u32"), of));
  }).graph;
}
