// wasm-alternatives.ts — the micro-step of the first run, three ways: tensors that lie in ONNX Runtime's heap (ours), and onnxruntime-web's own JavaScript,
// which copies every input and output at each run, with the frozen weights as inputs or as initializers. One thread, taking turns, best of many.

import { whole } from "../../src/engine/backend.ts";
import type { Leaf } from "../../src/engine/graph.ts";
import { optimise } from "../../src/engine/passes/index.ts";
import { size } from "../../src/engine/tensor.ts";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import { toOnnx } from "../../src/engine/wasm/onnx-graph.ts";
import { encodeModel } from "../../src/engine/wasm/onnx-model.ts";
import { diskFile, diskFolder } from "../../src/session/disk.ts";
import { load } from "../../src/session/load.ts";
import { firstRun, parseConfig } from "../../src/train/config.ts";
import { microGraph } from "../../src/train/graphs.ts";

const TURNS = 40;
const [B, T, LABELS] = [5, 48, 21];

type Values = Float32Array | Int32Array;

/** As many labels as the first run's batches have; what else is in the tensors does not matter for the time. */
function valuesOf(l: Leaf, elements: number): Values {
  if (l.name === "labels") return Int32Array.from({ length: elements }, (_, i) => (i < LABELS ? 1 : -100));
  return l.tensor.dtype === "f32" ? new Float32Array(elements).fill(0.01) : new Int32Array(elements).fill(1);
}

export async function main(): Promise<void> {
  const context = { bundled: (name: string) => diskFolder(`public/models/${name}`), disk: diskFolder, dataFile: diskFile };
  const { subject } = (await load(parseConfig(firstRun), context)).target;
  const ways: { name: string; started: number; run: () => Promise<unknown> }[] = [];
  const begin = async (name: string, make: () => Promise<() => Promise<unknown>>): Promise<void> => {
    const t0 = performance.now();
    const run = await make();
    ways.push({ name, started: performance.now() - t0, run });
  };

  const backend = await wasmBackend({ threads: 1 });
  await begin("bound in the heap", async () => {
    const plan = await backend.compile("micro", microGraph(subject, B, T), (l) => {
      const memory = backend.memory(size(l.tensor.shape), l.name);
      backend.write(whole(memory), valuesOf(l, memory.elements));
      return whole(memory);
    });
    return () => backend.run(plan);
  });

  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  const graph = microGraph(subject, B, T);
  optimise(graph);
  const { onnx } = toOnnx(graph);
  const values = (v: (typeof onnx.inputs)[number]): Values => valuesOf(graph.leaves.get(v.leaf.id)!, size(v.shape));
  for (const inside of [false, true])
    await begin(`onnxruntime-web's API, weights as ${inside ? "initializers" : "inputs"}`, async () => {
      const constants = inside ? onnx.inputs.filter((v) => graph.leaves.get(v.leaf.id)!.kind === "weight") : [];
      const inputs = onnx.inputs.filter((v) => !constants.includes(v));
      const model = { ...onnx, inputs, initializers: [...onnx.initializers, ...constants.map((v) => ({ ...v, data: new Uint8Array(values(v).buffer) }))] };
      const session = await ort.InferenceSession.create(encodeModel(model, "micro"), { graphOptimizationLevel: "disabled" });
      const type = { f32: "float32", i32: "int32", u32: "uint32" } as const;
      const feeds = inputs.map((v) => [v.name, new ort.Tensor(type[v.leaf.dtype], values(v) as Float32Array, v.shape)] as const);
      return () => session.run(Object.fromEntries(feeds));
    });

  const times = ways.map((): number[] => []);
  for (let turn = 0; turn < TURNS; turn++)
    for (const [i, { run }] of ways.entries()) {
      const t0 = performance.now();
      await run();
      times[i].push(performance.now() - t0);
    }
  ways.forEach(({ name, started }, i) => {
    const sorted = times[i].toSorted((a, b) => a - b);
    console.log(`${name}: micro-step ${sorted[0].toFixed(1)} ms (median ${sorted[TURNS >> 1].toFixed(1)}), ready in ${started.toFixed(0)} ms`);
  });
}
