// The exported training step, run by onnxruntime-web's public interface from the files alone.

import * as ort from "onnxruntime-web";
import { expect, test } from "vitest";
import { openSafetensors } from "../../src/formats/safetensors.ts";
import { bytesSource } from "../../src/formats/source.ts";
import { diskFile, diskFolder } from "../../src/session/disk.ts";
import { onnxTrainingFiles } from "../../src/session/export-onnx.ts";
import { load } from "../../src/session/load.ts";
import { firstRun } from "../../src/train/config.ts";

interface Manifest {
  elements: number;
  models: Record<
    string,
    {
      inputs: { name: string; type: "f32" | "i32" | "u32"; shape: number[]; leaf: string; flat?: number; offset: number }[];
      outputs: { name: string; leaf?: string; flat?: number; capture?: string }[];
    }
  >;
}

test("a micro-step and an update give the first run's first loss, and move the parameters", { timeout: 120_000 }, async () => {
  const context = { bundled: (name: string) => diskFolder(`public/models/${name}`), disk: diskFolder, dataFile: diskFile };
  const files = await onnxTrainingFiles(firstRun, await load(firstRun, context));
  const manifest = JSON.parse(files["manifest.json"] as string) as Manifest;
  const tensors = async (file: string): Promise<Map<string, Float32Array | Int32Array | Uint32Array>> => {
    const all = await openSafetensors(new Map([["model.safetensors", bytesSource(files[file] as Uint8Array)]]));
    const read = async (n: string) => (all.dtype(n) === "F32" ? all.read(n) : new Int32Array((await all.bytes(n)).slice().buffer));
    return new Map(await Promise.all(all.names().map(async (n) => [n, await read(n)] as const)));
  };
  const state = await tensors("state.safetensors");
  state.set("gradients", new Float32Array(state.get("parameters")!.length));
  const batch = await tensors("batches.safetensors");

  const run = async (name: string): Promise<Map<string, Float32Array>> => {
    const { inputs, outputs } = manifest.models[name];
    const session = await ort.InferenceSession.create(files[`${name}.onnx`] as Uint8Array, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: "disabled",
    });
    const feeds = inputs.map((i) => {
      const from = (batch.get(`0.${i.leaf}`) ?? state.get(i.leaf))!;
      const begin = (i.flat ?? 0) + i.offset;
      const data = from.slice(begin, begin + i.shape.reduce((a, b) => a * b, 1));
      const words = { f32: "float32", i32: "int32", u32: "uint32" } as const;
      return [i.name, new ort.Tensor(words[i.type], i.type === "u32" ? new Uint32Array(data.buffer) : data, i.shape)] as const;
    });
    const results = await session.run(Object.fromEntries(feeds));
    const captures = new Map<string, Float32Array>();
    for (const o of outputs) {
      const data = results[o.name].data as Float32Array;
      if (o.capture) captures.set(o.capture, data);
      else (state.get(o.leaf!) as Float32Array).set(data, o.flat ?? 0);
    }
    await session.release();
    return captures;
  };

  const before = state.get("parameters")!.slice();
  expect((await run("micro")).get("loss")![0]).toBeCloseTo(5.59567, 4);
  expect((await run("update")).get("norm")![0]).toBeCloseTo(2.43061, 3);
  const moved = state.get("parameters")!.filter((p, i) => p !== before[i]).length;
  expect(moved).toBeGreaterThan(manifest.elements / 4); // B and nothing else: A's gradient is 0 while B is
});
