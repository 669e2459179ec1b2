// The wasm backend by itself: memory that is bound and not copied, freed and not grown by running; threads; cancelling; errors; the model's bytes.

import { describe, expect, test } from "vitest";
import { whole } from "../../src/engine/backend.ts";
import { addInto } from "../../src/ops/add.ts";
import { capture, defineOp, leaf, trace } from "../../src/engine/graph.ts";
import { toOnnx } from "../../src/engine/wasm/onnx-graph.ts";
import { encodeModel } from "../../src/engine/wasm/onnx-model.ts";
import { Message } from "../../src/engine/wasm/protobuf.ts";
import { loadOrt } from "../../src/engine/wasm/ort.ts";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import { ops } from "../../src/ops/index.ts";
import { linear } from "../../src/ops/linear.ts";
import { matmulOp } from "../../src/ops/matmul.ts";

const N = 256;
const MB = 2 ** 20;

describe("memory", () => {
  test("frozen weights are bound where they lie: runs read what is written there, and the heap does not grow", async () => {
    const [backend, ort] = [await wasmBackend({ threads: 1 }), await loadOrt(1)];
    const { graph } = trace(() => void capture("y", linear(leaf("input", "x", [4, N]), leaf("weight", "W", [N * 64, N]))));
    const memories = { x: backend.memory(4 * N, "x"), W: backend.memory(N * 64 * N, "W") }; // W: 16 MB
    const plan = await backend.compile("bound", graph, (l) => whole(memories[l.name as "x" | "W"]));
    backend.write(whole(memories.x), new Float32Array(4 * N).fill(1));
    const y = async (): Promise<number> => {
      await backend.run(plan);
      return (await backend.read({ ...plan.captures.get("y")!, elements: 1 }))[0];
    };
    expect(await y()).toBe(0);
    const size = ort.heap().length;
    backend.write({ memory: memories.W, offset: 3, elements: 2 }, Float32Array.of(2, 5));
    for (let i = 0; i < 5; i++) expect(await y()).toBe(7);
    expect(ort.heap().length - size).toBeLessThan(16 * MB); // a copy of W would be
    plan.destroy();
    backend.destroy();
  });

  test("what is destroyed is used again", async () => {
    const [backend, ort] = [await wasmBackend({ threads: 1 }), await loadOrt(1)];
    backend.memory(32 * MB, "first").destroy();
    const size = ort.heap().length;
    for (let i = 0; i < 8; i++) {
      const again = await wasmBackend({ threads: 1 });
      const memory = again.memory(32 * MB, "again");
      expect(await again.read({ memory, offset: 0, elements: 2 })).toEqual(Float32Array.of(0, 0));
      again.write({ memory, offset: 0, elements: 1 }, Float32Array.of(3));
      again.destroy();
      memory.destroy(); // twice is harmless
    }
    expect(ort.heap().length).toBe(size);
    backend.destroy();
  });

  test("too much: one clear error, and the backend goes on", async () => {
    const backend = await wasmBackend({ threads: 1 });
    for (const elements of [2 ** 30, 2 ** 30 - 64, 2 ** 40])
      expect(() => backend.memory(elements, "logits")).toThrow(/^"logits" needs [\d,]+ bytes, more than are left of WebAssembly's 4 GB\. Take a smaller batch/);
    expect(backend.memory(64, "small").elements).toBe(64);
    backend.destroy();
  });
});

test("two threads give the numbers of one", async () => {
  const values = await Promise.all(
    [1, 2].map(async (threads) => {
      const backend = await wasmBackend({ threads });
      expect(backend.adapter).toContain(threads === 1 ? "1 thread" : "2 threads");
      const { graph } = trace(() => void capture("y", linear(leaf("input", "x", [64, N]), leaf("weight", "W", [N, N]))));
      const data = Float32Array.from({ length: N * N }, (_, i) => Math.sin(i));
      const plan = await backend.compile("threads", graph, (l) => {
        const elements = l.name === "x" ? 64 * N : N * N;
        const range = { memory: backend.memory(elements, l.name), offset: 0, elements };
        backend.write(range, data.subarray(0, elements));
        return range;
      });
      await backend.run(plan);
      return backend.read(plan.captures.get("y")!);
    }),
  );
  values[0].forEach((v, i) => expect(Math.abs(v - values[1][i])).toBeLessThan(1e-4));
});

test("a cancelled run does nothing; messages get their turn between runs", async () => {
  const backend = await wasmBackend({ threads: 1 });
  const { graph } = trace(() => {
    const a = leaf("state", "a", [64]);
    addInto(a, leaf("state", "one", [64]));
  });
  const memories = { a: backend.memory(64, "a"), one: backend.memory(64, "one") };
  backend.write(whole(memories.one), new Float32Array(64).fill(1));
  const plan = await backend.compile("count", graph, (l) => whole(memories[l.name as "a"]));
  expect(await backend.run(plan, () => true)).toBe(true);
  expect(await backend.run(plan, () => false)).toBe(false);
  expect((await backend.read(whole(memories.a)))[0]).toBe(1);

  let stopped = false;
  setTimeout(() => (stopped = true), 20);
  const began = performance.now();
  while (!(await backend.run(plan, () => stopped))) if (performance.now() - began > 20_000) break;
  expect(stopped).toBe(true);
  backend.destroy();
});

describe("graphs", () => {
  test("every op has an ONNX lowering", () => {
    expect(Object.entries(ops).filter(([, op]) => !op.view && !op.onnx).map(([name]) => name)).toEqual([]); // prettier-ignore
  });

  test("an op without one is named, with its place", () => {
    const odd = defineOp<object>({ name: "odd", infer: ([x]) => [x], lower: () => [], ref: ([x]) => [x] });
    const { graph } = trace(() => void capture("y", odd.apply([leaf("input", "x", [4])], {})[0]));
    expect(() => toOnnx(graph)).toThrow('odd: op "odd" has no ONNX lowering');
  });

  test("products with gaps between them are refused, not computed wrongly", () => {
    const problem = { M: 4, N: 4, K: 8, a: 0, lda: 8, b: 0, ldb: 8, c: 0, ldc: 12 };
    const { graph } = trace(() => {
      const problems = [problem, { ...problem, c: 8 }];
      capture("y", matmulOp.apply([leaf("input", "a", [4, 8]), leaf("input", "b", [4, 8])], { form: "nt", shape: [4, 12], problems })[0]);
    });
    expect(() => toOnnx(graph)).toThrow("leave gaps in (4, 12)");
  });

  test("one line per node, with its place; nodes that nobody reads are not there", async () => {
    const backend = await wasmBackend({ threads: 1 });
    const { graph } = trace(() => void capture("y", linear(leaf("input", "x", [4, 8]), leaf("weight", "W", [8, 8]))));
    const plan = await backend.compile("lines", graph, (l) => whole(backend.memory(64, l.name)));
    expect(plan.explain()).toEqual([expect.stringMatching(/^ {3}0 Gemm\[transA=0 transB=1\] \S+ · \S+ → \S+ · linear$/)]);
    expect(plan.dispatches).toBe(1);
    backend.destroy();
  });

  test("a model names its opsets and holds its constants", () => {
    const { graph } = trace(() => void capture("y", linear(leaf("input", "x", [4, 8]), leaf("weight", "W", [8, 8]))));
    const text = new TextDecoder("latin1").decode(encodeModel(toOnnx(graph).onnx, "named"));
    for (const part of ["rankscope", "named", "Gemm", "transB", "com.microsoft"]) expect(text).toContain(part);
  });
});

test("numbers on the wire: examples of the protocol buffers' own guide", () => {
  expect([...new Message().int(1, 150).finish()]).toEqual([0x08, 0x96, 0x01]);
  expect([...new Message().text(2, "testing").finish()]).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
  expect([...new Message().int(1, -2).finish()]).toEqual([0x08, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
  expect([...new Message().int(1, 2 ** 40).finish()]).toEqual([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
  expect([...new Message().float(3, 1).finish()]).toEqual([0x1d, 0, 0, 0x80, 0x3f]);
});
