// What a micro-step keeps alive on wasm. ONNX Runtime picks the order in which nodes run; the graphs are written so that it picks the traced one, and
// so that a layer that is computed again is not before its turn. A file of its own: the heap, whose growth is measured, never shrinks.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { whole } from "../../src/engine/backend.ts";
import { layOut } from "../../src/engine/memory.ts";
import { optimise } from "../../src/engine/passes/index.ts";
import { size } from "../../src/engine/tensor.ts";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import { loadOrt } from "../../src/engine/wasm/ort.ts";
import { parseModel } from "../../src/models/index.ts";
import { firstRun } from "../../src/train/config.ts";
import { microGraph } from "../../src/train/graphs.ts";
import { targetOf } from "../../src/train/subject.ts";

test("checkpointing saves memory; without it about what the memory plan of WebGPU needs", { timeout: 120_000 }, async () => {
  const json = JSON.parse(readFileSync("public/models/tales-3m/config.json", "utf8")) as Record<string, unknown>;
  const { subject } = targetOf(parseModel({ ...json, num_hidden_layers: 16 }), firstRun);
  const [backend, ort] = [await wasmBackend({ threads: 1 }), await loadOrt(1)];
  /** Bytes by which the heap has grown since the start, once this has run. */
  const grown = async (recompute: boolean): Promise<number> => {
    const plan = await backend.compile("micro", microGraph({ ...subject, recompute }, 4, 256), (l) => {
      const memory = backend.memory(size(l.tensor.shape), l.name);
      const values =
        l.tensor.dtype === "f32" ? new Float32Array(memory.elements).fill(0.01) : new Int32Array(memory.elements).fill(l.name === "labels" ? -100 : 1);
      if (l.name === "labels") values.fill(7, 0, 50);
      backend.write(whole(memory), values);
      return whole(memory);
    });
    await backend.run(plan);
    plan.destroy();
    return ort.heap().length - start;
  };
  const start = ort.heap().length;
  const [again, kept] = [await grown(true), await grown(false)];
  expect(again).toBeLessThan(0.6 * kept);

  const graph = microGraph(subject, 4, 256);
  optimise(graph);
  const slots = layOut(graph).slots.reduce((sum, n) => sum + n * 4, 0);
  const leaves = [...graph.leaves.values()].reduce((sum, l) => sum + size(l.tensor.shape) * 4, 0);
  expect(kept).toBeLessThan(2 * (slots + 2 * leaves)); // both plans' leaves; the heap grows in steps of a fifth
  backend.destroy();
});
