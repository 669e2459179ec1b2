// estimate.ts — what a run needs, known from its graphs before a device exists: bytes, launches, floating-point operations.

import { aligned } from "../engine/backend.ts";
import type { Graph, Leaf } from "../engine/graph.ts";
import { layOut } from "../engine/memory.ts";
import { optimise } from "../engine/passes/index.ts";
import type { Target as Device } from "../engine/op.ts";
import { size } from "../engine/tensor.ts";
import type { MemoryEstimate, RunConfig } from "../protocol.ts";
import { deltaGraph, evaluationGraph, generationGraph, microGraph, movedGraph, updateGraph } from "./graphs.ts";
import { flatLayout } from "./parameters.ts";
import type { Target } from "./subject.ts";

export interface Estimate {
  memory: MemoryEstimate;
  /** Launches of one optimizer step: micro-steps and update. */
  dispatches: number;
  flopsPerStep: number;
  /** Largest single buffer and binding, in bytes, and what it is: a device may hold less. */
  largest: { bytes: number; what: string };
}

/** Rows of prompts answered at once. */
export const PROMPTS = 4;
const device: Device = { class: "gpu", maxStorageBufferBindingSize: Infinity };

/** backend: WebGPU's memory is known to a few per cent; on wasm, whose runtime allocates by itself, the figure is an upper bound. */
export function estimate(target: Target, config: RunConfig, backend: "webgpu" | "wasm" | "reference" = "webgpu"): Estimate {
  const { batch_size: B, gradient_accumulation_steps: accumulation } = config.train;
  const T = config.data.max_length;
  const micro = microGraph(target.subject, B, T);
  const { elements, segments } = flatLayout(micro);
  const update = updateGraph(Math.max(64, elements), Math.max(1, segments.length));
  const { classes } = target.subject;
  const answers = classes ? [] : [generationGraph(target.subject, PROMPTS, Math.min(target.subject.config.maxPositions, T + 32))];
  const norms = target.ranks.size ? deltaGraph(target.subject).graph : movedGraph(elements, segments.length);
  const graphs = [micro, update, evaluationGraph(target.subject, B, T), ...answers, norms];

  const runtime = backend === "wasm" ? wasmExtra(micro, Math.max(64, elements) * 4, target.subject.recompute ?? false) : 0;
  const slots: number[] = [];
  let [captures, dispatches, flops] = [0, 0, 0];
  let largest = { bytes: elements * 4, what: "the trained parameters" };
  const leaves = new Map<string, Leaf>();
  for (const graph of graphs) {
    optimise(graph);
    layOut(graph).slots.forEach((n, i) => (slots[i] = Math.max(slots[i] ?? 0, n)));
    captures += [...graph.captures.values()].reduce((sum, t) => sum + size(t.shape) * 4, 0);
    for (const l of graph.leaves.values()) leaves.set(`${l.name} ${l.kind === "input" ? "" : size(l.tensor.shape)}`, l);
    const repeats = graph === micro ? accumulation : graph === update ? 1 : 0;
    if (!repeats) continue;
    const launches = launchesOf(graph);
    dispatches += launches.length * repeats;
    flops += launches.reduce((sum, d) => sum + (d.flops ?? 0), 0) * repeats;
  }
  const bytesOf = (kinds: readonly string[]): number =>
    [...leaves.values()].filter((l) => kinds.includes(l.kind)).reduce((sum, l) => sum + aligned(size(l.tensor.shape)) * 4, 0);
  for (const l of leaves.values()) if (size(l.tensor.shape) * 4 > largest.bytes) largest = { bytes: size(l.tensor.shape) * 4, what: l.name };
  slots.forEach((n, i) => {
    if (n * 4 > largest.bytes) largest = { bytes: n * 4, what: `activation slot ${i}` };
  });
  const flat = Math.max(64, elements) * 4;
  const caches = [...leaves.values()].filter((l) => /\.(keys|values)$/.test(l.name)).reduce((sum, l) => sum + aligned(size(l.tensor.shape)) * 4, 0);
  const memory = {
    weights: bytesOf(["weight", "constant"]),
    trainables: flat + (target.ranks.size ? 0 : flat), // full fine-tuning keeps the start, to show how far it went
    gradients: flat,
    moments: 2 * flat,
    activations: slots.reduce((sum, n) => sum + n * 4, 0) + caches + runtime,
    // Captures, inputs, the ring of losses and norms, and the buffer through which checkpoints are read.
    staging: captures + bytesOf(["input"]) + 64 * (segments.length * 2 + accumulation + 1) * 4 + 2 ** Math.ceil(Math.log2(flat)),
  };
  return { memory: { ...memory, total: Object.values(memory).reduce((a, b) => a + b, 0) }, dispatches, flopsPerStep: flops, largest };
}

/**
 * Bytes that ONNX Runtime takes beyond the plan's slots, measured (tests/train/wasm-bound.test.ts) and rounded up: its module, attention's scores
 * (B, H, T, T) where WebGPU holds none (one per layer kept for backward, four at work), three copies of all logits, eight of the flat buffer in the update.
 */
function wasmExtra(micro: Graph, flat: number, recompute: boolean): number {
  const bytesOf = (op: string, of: (n: Graph["nodes"][number]) => number): number[] => micro.nodes.filter((n) => n.op.name === op).map((n) => of(n) * 4);
  const scores = bytesOf("attention", ({ outputs: [, lse] }) => size(lse.shape) * lse.shape[2]);
  const logits = bytesOf("crossEntropy", ({ inputs: [x, W] }) => (size(x.shape) / W.shape[1]) * W.shape[0]);
  const sum = (ns: readonly number[]): number => ns.reduce((a, b) => a + b, 0);
  return 24e6 + (recompute ? 0 : sum(scores)) + 4 * Math.max(0, ...scores) + 3 * sum(logits) + 8 * flat;
}

const launchesOf = (graph: Graph) => graph.nodes.flatMap((n) => (n.op.view ? [] : n.op.lower(n, device)));
