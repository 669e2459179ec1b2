// graphs.ts — the graphs of a run, traced from the model: micro-step (forward and backward), update, evaluation, generation, and the norms the
// heatmap shows. All of them name their leaves alike, so one store of parameters serves all.

import type { Adapter, Site } from "../adapters/adapter.ts";
import type { ShortcutForm } from "../adapters/shortcut.ts";
import { type Graph, type Leaf, type Node, capture, graphNow, leaf, trace } from "../engine/graph.ts";
import { grad } from "../engine/grad.ts";
import { type Tensor, last } from "../engine/tensor.ts";
import { ConfigError, type Model, type ModelConfig, type Scope } from "../models/model.ts";
import { add, addInto } from "../ops/add.ts";
import { adamw } from "../ops/adamw.ts";
import { attentionCached, cacheAppend } from "../ops/attention-cached.ts";
import { attention } from "../ops/attention.ts";
import { gradNorms } from "../ops/clip.ts";
import { crossEntropy, logits } from "../ops/cross-entropy.ts";
import { labelLoss } from "../ops/label-loss.ts";
import { type LinearAttrs, linearOp } from "../ops/linear.ts";
import { type LowRankSites, lowRankNorm } from "../ops/low-rank-norm.ts";
import { type LowRankAttrs, lowRankOp } from "../ops/low-rank.ts";
import { pickToken } from "../ops/pick-token.ts";
import { maskPositions, sharedPositions } from "../ops/positions.ts";
import { rope } from "../ops/rope.ts";
import { type Adaptation, type Pass, tracedScope } from "./traced-scope.ts";

/** A model and its task. */
export interface Base {
  readonly model: Model;
  readonly config: ModelConfig;
  /** How many classes it tells apart; 1: it gives a value, as in transformers. None: it is a language model. */
  readonly classes?: number;
}

/** A model with what is done to it: enough to trace every graph. */
export interface Subject extends Base {
  readonly adaptation: Adaptation;
  /** Gradient checkpointing: layers are computed again in backward instead of kept. */
  readonly recompute?: boolean;
}

export const params = (graph: Graph): Leaf[] => [...graph.leaves.values()].filter((l) => l.kind === "param");

/** Name of the leaf that holds a parameter's gradient. */
export const gradientOf = (parameter: string): string => `gradient of ${parameter}`;

export const wholeSequence = (mask: Tensor, dropout: boolean): Pass => ({
  attention: (_, qkv, o) => attention(o.rope ? rope(qkv, o.rope, o) : qkv, mask, { ...o, causal: o.causal ?? true }),
  positions: (offset) => maskPositions(mask, offset),
  tokenTypes: () => leaf("input", "typeIds", mask.shape, "i32"),
  pick: (which, h) => pickToken(h, mask, which),
  counter: dropout ? leaf("input", "counter", [4], "u32") : null,
});

/** labels: per token; of a classifier per row, and "values" of a regression. */
export function batchLeaves(B: number, T: number, classes?: number) {
  return {
    inputIds: leaf("input", "inputIds", [B, T], "i32"),
    mask: leaf("input", "mask", [B, T], "i32"),
    labels: classes === 1 ? leaf("input", "values", [B]) : leaf("input", "labels", classes ? [B] : [B, T], "i32"),
    denominator: leaf("input", "denominator", [1]),
  };
}

/** The language-model head (V, C). Throws ConfigError where the architecture has none. */
export function headOf({ model, config }: Base, scope: Scope): Tensor {
  if (!model.head) throw new ConfigError("model.task", `is causal-lm, ${model.name} cannot write`, 'Set it to "classification".');
  return model.head(scope, config);
}

/** Logits (B, classes padded) from hidden states. Throws ConfigError where the architecture has no classifier. */
export function classify({ model, config }: Base, scope: Scope, h: Tensor, classes: number): Tensor {
  if (!model.classifier) throw new ConfigError("model.task", `is classification, which ${model.name} cannot do here`, "Pick another model.");
  return model.classifier.logits(scope, config, h, classes);
}

/** The task's loss (1), ready to be differentiated. */
export function trainingLoss(subject: Subject, scope: Scope, h: Tensor, { labels, denominator }: ReturnType<typeof batchLeaves>): Tensor {
  const { classes } = subject;
  if (classes) return labelLoss(classify(subject, scope, h, classes), labels, denominator, classes).loss;
  const head = headOf(subject, scope);
  return crossEntropy(h, head, labels, denominator, { x: true, W: graphNow().leaves.get(head.id)!.kind === "param" }).loss;
}

/** Forward and backward over one micro-batch; gradients are added to their leaves. Captures: loss (1), already divided by the denominator. */
export function microGraph(subject: Subject, B: number, T: number): Graph {
  const { model, config, classes, adaptation, recompute } = subject;
  return trace(() => {
    const batch = batchLeaves(B, T, classes);
    const scope = tracedScope(adaptation, wholeSequence(batch.mask, adaptation.dropout > 0));
    const h = model.forward(scope, config, batch.inputIds);
    const loss = trainingLoss(subject, scope, h, batch);
    capture("loss", loss);
    const trained = params(graphNow());
    const gradients = grad(loss, trained.map((l) => l.tensor), add, { recompute }); // prettier-ignore
    trained.forEach((l, i) => {
      if (gradients[i]) addInto(leaf("state", gradientOf(l.name), l.tensor.shape), gradients[i]);
    });
  }).graph;
}

/**
 * Captures: losses and correct (B·T) per token; with `write`, logits (B·T, V padded) instead.
 * A classifier: losses (B) and logits (B, classes padded) per row.
 */
export function evaluationGraph(subject: Subject, B: number, T: number, write: "losses" | "logits" = "losses"): Graph {
  const { model, config, classes, adaptation } = subject;
  return trace(() => {
    const batch = batchLeaves(B, T, classes);
    const scope = tracedScope(adaptation, wholeSequence(batch.mask, false));
    const h = model.forward(scope, config, batch.inputIds);
    if (classes) {
      const scores = capture("logits", classify(subject, scope, h, classes));
      return void capture("losses", labelLoss(scores, batch.labels, batch.denominator, classes).losses);
    }
    const head = headOf(subject, scope);
    if (write === "logits") return void capture("logits", logits(h, head));
    const { losses, correct } = crossEntropy(h, head, batch.labels, batch.denominator, { x: false, W: false });
    capture("losses", losses);
    capture("correct", correct);
  }).graph;
}

/** One token for each of B rows, at a common position, with a KV cache of Tmax rows. Captures: logits (B, V padded). */
export function generationGraph(subject: Subject, B: number, Tmax: number): Graph {
  const { model, config, adaptation } = subject;
  return trace(() => {
    const inputIds = leaf("input", "inputIds", [B, 1], "i32");
    const position = leaf("input", "position", [1], "u32");
    const scope = tracedScope(adaptation, {
      ...without("a step of generation", ["tokenTypes", "pick"]),
      counter: null,
      positions: (offset) => sharedPositions(position, B, offset),
      attention: (path, qkv, o) => {
        const cache = (name: string): Tensor => leaf("state", `${path}.${name}`, [B, Tmax, o.kvHeads * o.headSize]);
        const rotated = o.rope ? rope(qkv, o.rope, { ...o, positions: position }) : qkv;
        const [keys, values] = cacheAppend(cache("keys"), cache("values"), rotated, position);
        return attentionCached(rotated, keys, values, position, o);
      },
    });
    capture("logits", logits(model.forward(scope, config, inputIds), headOf(subject, scope)));
  }).graph;
}

/** Clipping and AdamW over the flat buffers. Captures: squares (S) of each segment's gradient, norm (2) of all. */
export function updateGraph(elements: number, segments: number): Graph {
  return trace(() => {
    const flat = (name: string): Tensor => leaf("state", name, [elements]);
    const table = leaf("state", "segments", [segments, 8], "u32");
    const g = flat("gradients");
    const { squares, total } = gradNorms(g, table);
    capture("squares", squares);
    capture("norm", total);
    adamw({ p: flat("parameters"), g, m: flat("m"), v: flat("v"), segments: table }, leaf("input", "scalars", [8]), total);
  }).graph;
}

/** ‖s·B·A‖_F of every adapted site. Captures one (sites) tensor per group of sites; `sites` names them in order. */
export function deltaGraph(subject: Subject): { graph: Graph; sites: string[] } {
  const sites: string[] = [];
  const { graph } = trace(() => {
    traceModel(subject, subject.adaptation);
    for (const low of graphNow().nodes.flatMap((n) => branchesOf(n) ?? [])) {
      const names = graphNow()
        .leaves.get(low.A.id)!
        .parts.map((p) => p.name.slice(0, p.name.lastIndexOf(".")));
      capture(`delta ${sites.length}`, lowRankNorm(low.A, low.B, low.scales, low.of));
      low.of.ranks.forEach((r) => sites.push(r ? names.shift()! : ""));
    }
  });
  return { graph, sites };
}

/** The low-rank branches of a node: of a linear layer's sites, or a shortcut's one; null: it has none. */
function branchesOf({ op, inputs, attrs, outputs }: Node): { A: Tensor; B: Tensor; scales: Tensor; of: LowRankSites } | null {
  if (op.name === lowRankOp.name) {
    const [, A, B, scales] = inputs;
    return { A, B, scales, of: { ranks: [A.shape[0]], outs: [last(outputs[0].shape)], scaleIndex: [(attrs as LowRankAttrs).scale] } };
  }
  const t = attrs as LinearAttrs;
  if (op.name !== linearOp.name || !t.ranks) return null;
  const [A, B, scales] = inputs.slice(t.bias ? 3 : 2);
  return { A, B, scales, of: { ranks: t.ranks, outs: t.outs, scaleIndex: t.scales } };
}

/** Squares (S) of how far each segment has moved from its start, whose negative lies in the leaf "start". */
export function movedGraph(elements: number, segments: number): Graph {
  return trace(() => {
    const moved = add(leaf("state", "parameters", [elements]), leaf("state", "start", [elements]));
    capture("squares", gradNorms(moved, leaf("state", "segments", [segments, 8], "u32")).squares);
  }).graph;
}

/**
 * The layer by itself, bias-free, no dropout, over rows (rows, in) of the identity. Captures: merged (rows, out), those columns of W + s·B·A. The leaves
 * `rows` and `scales` are inputs; the site's scale is the first.
 */
export function mergeGraph(adapter: Adapter, site: Site, r: number, rows: number): Graph {
  if (site.kind !== "linear")
    throw new ConfigError(site.name, `is a map of its own, ${site.out} × ${site.in}, that belongs to no weight of the model: it cannot be merged`, "Keep shortcuts.safetensors beside the model."); // prettier-ignore
  return trace(() => {
    const scope = tracedScope(
      { ...none, adapter, rank: () => r },
      {
        ...without("a layer by itself", ["attention", "positions", "tokenTypes", "pick"]),
        counter: null,
      },
    );
    const cut = site.name.lastIndexOf(".");
    capture("merged", scope.at(site.name.slice(0, cut)).linear(site.name.slice(cut + 1), leaf("input", "rows", [rows, site.in]), site.out));
  }).graph;
}

const none: Adaptation = { adapter: null, rank: () => 0, index: () => 0, scales: 4, trains: () => false, shortcuts: null, dropout: 0 };

/** What a pass does not have: asked for, it is our mistake. */
function without<K extends keyof Pass>(pass: string, names: readonly K[]): Record<K, () => never> {
  const missing = (name: K) => (): never => {
    throw new Error(`${pass} has no ${name}`);
  };
  return Object.fromEntries(names.map((name) => [name, missing(name)])) as Record<K, () => never>;
}

/** Everything of the model that has weights, traced for their names: the body, and a classifier's head. */
function traceModel(base: Base, adaptation: Adaptation, met?: (site: Site) => void): Scope {
  const batch = batchLeaves(1, 4);
  const scope = tracedScope(adaptation, wholeSequence(batch.mask, false), met);
  const h = base.model.forward(scope, base.config, batch.inputIds);
  if (base.classes) classify(base, scope, h, base.classes);
  return scope;
}

/** Sites of the model, in the order it meets them; residuals and shortcuts behind its layers, where there are any. */
export function sitesOf(model: Model, config: ModelConfig, classes?: number, shortcuts: ShortcutForm | null = null): Site[] {
  const sites: Site[] = [];
  trace(() => traceModel({ model, config, classes }, { ...none, shortcuts }, (s) => sites.push(s)));
  const linear = (s: Site): boolean => s.kind === "linear";
  return [...sites.filter(linear), ...sites.filter((s) => !linear(s))];
}

/** Weights of the base by Hugging Face name, with shapes: what the checkpoint must hold, the head included. */
export function weightsOf(model: Model, config: ModelConfig, classes?: number): { name: string; shape: readonly number[] }[] {
  const base = { model, config, classes };
  const { graph } = trace(() => {
    const scope = traceModel(base, none);
    if (!classes && model.head) headOf(base, scope);
  });
  return [...graph.leaves.values()].filter((l) => l.kind === "weight").flatMap((l) => l.parts.map((p) => ({ name: p.name, shape: p.shape })));
}

/** Whether a weight belongs to the classifier's head, which is trained whole beside any adapter. */
export const isHead = ({ model, classes }: Base, weight: string): boolean => Boolean(classes) && weight.startsWith(`${model.classifier?.module}.`);
