// export-onnx.ts — a run's training step for others to run: its graphs as ONNX models, every value they start from, the first batches, and a manifest
// that says which input is what. The models are the ones the wasm backend runs: ONNX opset 18 with ONNX Runtime's own operators (com.microsoft).

import { type Example, makeBatch, order } from "../data/batch.ts";
import { referenceBackend } from "../engine/reference/backend.ts";
import type { Graph, Leaf } from "../engine/graph.ts";
import { optimise } from "../engine/passes/index.ts";
import { size } from "../engine/tensor.ts";
import { toOnnx } from "../engine/wasm/onnx-graph.ts";
import { encodeModel } from "../engine/wasm/onnx-model.ts";
import { type TensorData, writeSafetensors } from "../formats/safetensors.ts";
import type { RunConfig } from "../protocol.ts";
import { gradientOf, microGraph, updateGraph } from "../train/graphs.ts";
import { type OptimizerName, optimizers } from "../optimizers/index.ts";
import { type SchedulerName, rateFactor } from "../train/learning-rate.ts";
import { flatLayout } from "../train/parameters.ts";
import { Run } from "../train/run.ts";
import type { Loaded } from "./load.ts";
import runner from "./export-onnx.py?raw";
import { longestBatch } from "./start.ts";

const BATCHES = 16;

/** Paths → contents. Every batch has one shape (the longest), so that one model serves all. Causal models only. */
export async function onnxTrainingFiles(config: RunConfig, loaded: Loaded): Promise<Record<string, Uint8Array | string>> {
  const { train: t } = config;
  const T = longestBatch(config, loaded.data.train);
  const micro = microGraph(loaded.target.subject, t.batch_size, T);
  const { elements, segments, offsets } = flatLayout(micro);
  const update = updateGraph(elements, segments.length);

  // The values at the start are a run's own: made on the backend that needs no device.
  const backend = referenceBackend();
  const run = await Run.create({
    backend,
    target: loaded.target,
    checkpoint: loaded.checkpoint,
    maxTokens: t.batch_size * T,
    weightDecay: t.weight_decay,
    seed: t.seed,
  });
  const { parameters, m, v, segments: table } = await run.parameters.snapshot();
  const state: TensorData[] = [
    ...Object.entries({ parameters, m, v }).map(([name, data]) => ({ name, shape: [data.length], data: Float32Array.from(data) })),
    { name: "segments", shape: [segments.length, 8], data: table },
    { name: "scales", shape: [loaded.target.scales.length], data: loaded.target.scales },
  ];
  run.destroy();
  const models: Record<string, unknown> = {};
  const files: Record<string, Uint8Array | string> = {};
  for (const [name, graph] of Object.entries({ micro, update })) {
    const { model, manifest } = describe(name, graph, offsets);
    files[`${name}.onnx`] = model;
    models[name] = manifest;
  }
  for (const l of micro.leaves.values()) {
    if (l.kind === "constant") state.push({ name: l.name, shape: l.tensor.shape, data: l.make!() });
    if (l.kind !== "weight") continue;
    const data = new Float32Array(size(l.tensor.shape));
    for (const p of l.parts) data.set(await loaded.checkpoint.read(p.name), p.offset);
    state.push({ name: l.name, shape: l.tensor.shape, data });
  }

  const train = loaded.data.train as readonly Example[];
  const rows = order(t.seed, 0, train.length);
  const optimizer = optimizers[t.optimizer as OptimizerName];
  const batches = Array.from({ length: Math.min(BATCHES, t.steps) }, (_, step): TensorData[] => {
    const examples = Array.from({ length: t.batch_size }, (_, i) => train[rows[(step * t.batch_size + i) % rows.length]]);
    const b = makeBatch(examples, { buckets: [T] });
    const rate = t.learning_rate * rateFactor(t.lr_scheduler_type as SchedulerName, step, t.steps, t.warmup_steps);
    const named = (name: string, shape: number[], data: TensorData["data"]): TensorData => ({ name: `${step}.${name}`, shape, data });
    return [
      named("inputIds", [b.B, b.T], b.inputIds),
      named("mask", [b.B, b.T], b.attentionMask),
      named("labels", [b.B, b.T], b.labels),
      named("denominator", [1], Float32Array.of(Math.max(1, b.tokens))),
      named("counter", [4], Uint32Array.of(t.seed, step, 0, 0)),
      named("scalars", [8], Float32Array.of(rate, optimizer.beta1, optimizer.beta2, optimizer.eps, t.max_grad_norm, 1, 0, 0)),
    ];
  });
  return {
    ...files,
    "state.safetensors": writeSafetensors(state),
    "batches.safetensors": writeSafetensors(batches.flat()),
    "manifest.json": JSON.stringify({ elements, segments: segments.map(({ name, offset, shape }) => ({ name, offset, shape })), models }, null, 2) + "\n",
    "config.json": JSON.stringify(config, null, 2) + "\n",
    "run.py": runner,
  };
}

/** The model's bytes, and its inputs and outputs: the leaf each belongs to, or the range of a flat buffer a trainable lies in. */
function describe(name: string, graph: Graph, offsets: ReadonlyMap<string, number>): { model: Uint8Array; manifest: unknown } {
  optimise(graph);
  const { onnx, results } = toOnnx(graph);
  const leaves = new Map([...graph.leaves.values()].map((l) => [l.tensor, l]));
  const place = (l: Leaf): { leaf: string; flat?: number } => {
    if (l.kind === "param") return { leaf: "parameters", flat: offsets.get(l.name)! };
    for (const [parameter, flat] of offsets) if (l.name === gradientOf(parameter)) return { leaf: "gradients", flat };
    return { leaf: l.name };
  };
  const inputs = onnx.inputs.map((v) => ({ name: v.name, type: v.type, shape: v.shape, ...place(leaves.get(v.leaf)!), offset: v.offset }));
  const outputs = results.map((r, i) => ({
    name: onnx.outputs[i].name,
    shape: r.tensor.shape,
    ...("leaf" in r ? place(leaves.get(r.leaf)!) : { capture: r.capture }),
  }));
  return { model: encodeModel(onnx, name), manifest: { inputs, outputs } };
}
