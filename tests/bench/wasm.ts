// wasm.ts — how long a training step takes on the wasm backend: the bundled model's first run and the reference step, next to WebGPU.

import { referenceRun } from "../../src/bench/reference-run.ts";
import { referenceStep } from "../../src/bench/reference-step.ts";
import { nodeGpu } from "../../src/cli/node-gpu.ts";
import { makeBatch, order } from "../../src/data/batch.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { optimise } from "../../src/engine/passes/index.ts";
import { type Tensor, size } from "../../src/engine/tensor.ts";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import { toOnnx } from "../../src/engine/wasm/onnx-graph.ts";
import { encodeModel } from "../../src/engine/wasm/onnx-model.ts";
import { webgpuBackend } from "../../src/engine/webgpu/backend.ts";
import { requestDevice } from "../../src/engine/webgpu/device.ts";
import { diskFile, diskFolder } from "../../src/session/disk.ts";
import { load } from "../../src/session/load.ts";
import { firstRun, parseConfig } from "../../src/train/config.ts";
import { writeBatch } from "../../src/train/evaluate.ts";
import { microGraph } from "../../src/train/graphs.ts";
import { Run } from "../../src/train/run.ts";

const TIMES = 20;
const context = { bundled: (name: string) => diskFolder(`public/models/${name}`), disk: diskFolder, dataFile: diskFile };

/** Best and median of several, in ms. `fn` waits for the work it queues. */
async function timed(fn: () => Promise<unknown>): Promise<string> {
  const ms: number[] = [];
  for (let i = 0; i < 5; i++) await fn(); // compilers at work
  for (let i = 0; i < TIMES; i++) {
    const t0 = performance.now();
    await fn();
    ms.push(performance.now() - t0);
  }
  ms.sort((a, b) => a - b);
  return `${ms[0].toFixed(1)} ms (median ${ms[TIMES >> 1].toFixed(1)})`;
}

async function measure(backend: Backend): Promise<void> {
  const config = parseConfig(firstRun);
  const loaded = await load(config, context);
  const { batch_size: B } = config.train;
  const { max_length: maxLength } = config.data;
  const run = await Run.create({ backend, target: loaded.target, checkpoint: loaded.checkpoint, maxTokens: B * maxLength, weightDecay: 0, seed: 0 });
  const rows = [...order(0, 0, loaded.data.train.length)].slice(0, B).map((i) => loaded.data.train[i]);
  const batch = makeBatch(rows, { maxLength });
  const t0 = performance.now();
  const micro = await run.plans.micro(batch.B, batch.T);
  const compiled = performance.now() - t0;
  const update = await run.plans.update();
  writeBatch(run, batch);
  run.plans.write("scalars", Float32Array.of(1e-3, 0.9, 0.999, 1e-8, 1, 1, 0, 0));
  const settled = async (plan: typeof micro): Promise<unknown> => {
    await backend.run(plan);
    return backend.read({ ...plan.captures.values().next().value!, elements: 1 });
  };
  console.log(
    `${backend.adapter}: micro-step ${batch.B} × ${batch.T} (${batch.tokens} labels) compiled in ${compiled.toFixed(0)} ms, ${micro.dispatches} nodes`,
  );
  console.log(`  micro-step ${await timed(() => settled(micro))}, update ${await timed(() => settled(update))}`);
  run.destroy();
  const reference = await referenceRun(backend, referenceStep());
  const step = await timed(async () => {
    await reference.step();
    await reference.loss();
  });
  console.log(`  reference step ${step}`);
  reference.destroy();
}

/** The micro-step by onnxruntime-web's own JavaScript, which copies every input and output at each run; frozen weights as inputs or as initializers. */
async function alternatives(): Promise<void> {
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  const loaded = await load(parseConfig(firstRun), context);
  const graph = microGraph(loaded.target.subject, 5, 48);
  optimise(graph);
  const { onnx } = toOnnx(graph);
  const leafOf = (v: { leaf: Tensor }) => graph.leaves.get(v.leaf.id)!;
  const zeros = (n: number, type: string): Float32Array | Int32Array => (type === "f32" ? new Float32Array(n).fill(0.01) : new Int32Array(n).fill(1));
  for (const inside of [false, true]) {
    const constants = inside ? onnx.inputs.filter((v) => leafOf(v).kind === "weight") : [];
    const model = {
      ...onnx,
      inputs: onnx.inputs.filter((v) => !constants.includes(v)),
      initializers: [...onnx.initializers, ...constants.map((v) => ({ ...v, data: new Uint8Array(zeros(size(v.shape), v.type).buffer) }))],
    };
    const t0 = performance.now();
    const session = await ort.InferenceSession.create(encodeModel(model, "micro"), { graphOptimizationLevel: "disabled" });
    const started = performance.now() - t0;
    const types = { f32: "float32", i32: "int32", u32: "uint32" } as const;
    // As many labels as the first run's batch has.
    const dataOf = (v: (typeof model.inputs)[number]): Float32Array =>
      (leafOf(v).name === "labels" ? Int32Array.from({ length: size(v.shape) }, (_, i) => (i < 21 ? 1 : -100)) : zeros(size(v.shape), v.type)) as Float32Array;
    const feeds = Object.fromEntries(model.inputs.map((v) => [v.name, new ort.Tensor(types[v.type as keyof typeof types], dataOf(v), v.shape)])); // prettier-ignore
    console.log(
      `onnxruntime-web's API, weights as ${inside ? "initializers" : "inputs"}: session ${started.toFixed(0)} ms, micro-step ${await timed(() => session.run(feeds))}`,
    );
    await session.release();
  }
}

export async function main(which: readonly string[]): Promise<void> {
  if (which[0] === "alternatives") return alternatives();
  for (const w of which.length ? which : ["1", "2", "webgpu"])
    await measure(w === "webgpu" ? webgpuBackend(await requestDevice(await nodeGpu())) : await wasmBackend({ threads: Number(w) }));
}
