// Tests that every op of the registry is held to, over the cases of cases/: gradient = central differences of the reference in float64; kernel = reference
// on WebGPU, outputs and gradients, in the lowerings of both device classes; every op has a case.

import { describe, expect, test } from "vitest";
import type { Graph } from "../../src/engine/graph.ts";
import { foldAdd } from "../../src/engine/passes/fold-add.ts";
import { referenceBackend } from "../../src/engine/reference/backend.ts";
import { type NdArray, nd } from "../../src/engine/reference/nd-array.ts";
import type { Tensor } from "../../src/engine/tensor.ts";
import { ops } from "../../src/ops/index.ts";
import { wasmForTests } from "../harness/backends.ts";
import { classes, webgpuOf } from "../harness/classes.ts";
import { interpret } from "../harness/interpret.ts";
import { relativeError, run } from "../harness/run.ts";
import { inputsOf, traceCase, traced } from "../harness/trace-case.ts";
import { webgpuMissing } from "../harness/webgpu.ts";
import { cases } from "./cases/index.ts";

const STEP = 1e-5;
/** Elements of one input that are moved one by one. */
const MOVED = 48;

/** (L(x + h) − L(x − h)) / 2h for the chosen elements of one input. */
function differences(graph: Graph, loss: Tensor, inputs: Record<string, NdArray>, name: string, elements: readonly number[]): number[] {
  const { shape, data } = inputs[name];
  const at = (e: number, h: number): number => {
    const moved = nd(shape, data);
    moved.data[e] += h;
    return interpret(graph, { ...inputs, [name]: moved })(loss).data[0];
  };
  return elements.map((e) => (at(e, STEP) - at(e, -STEP)) / (2 * STEP));
}

/** Nodes up to the one that makes t. */
const upTo = (graph: Graph, t: Tensor): Graph => ({ ...graph, nodes: graph.nodes.slice(0, graph.nodes.findIndex((n) => n.outputs.includes(t)) + 1) });

describe("gradients equal central differences in float64", () => {
  test.each(cases.filter((c) => c.wrt.length > 0))("$name", (c) => {
    const inputs = inputsOf(c);
    const { graph, result } = traced(c, inputs);
    const value = interpret(graph, inputs);
    const forward = upTo(graph, result.loss!);
    for (const name of c.wrt) {
      const gradient = value(result.values[`d ${name}`]).data;
      const stride = Math.max(1, Math.ceil(gradient.length / MOVED));
      const elements = Array.from({ length: Math.ceil(gradient.length / stride) }, (_, i) => i * stride);
      const scale = Math.max(...Array.from(gradient, Math.abs));
      const moved = differences(forward, result.loss!, inputs, name, elements);
      const worst = Math.max(...elements.map((e, i) => Math.abs(moved[i] - gradient[e])));
      expect.soft(worst / scale, name).toBeLessThan(1e-6);
    }
  });
});

describe.skipIf(webgpuMissing)("kernels equal the reference", () => {
  describe.each(classes)("lowered for class %s", (target) => {
    test.each(cases)("$name", async (c) => {
      const inputs = inputsOf(c);
      const truth = await run(referenceBackend(), inputs, (t) => traceCase(c, t).values);
      const value = await run(await webgpuOf(target), inputs, (t) => traceCase(c, t).values);
      for (const name of Object.keys(truth)) expect.soft(relativeError(value[name], truth[name]), name).toBeLessThan(c.tolerance ?? 1e-5);
    });
  });
});

describe("ONNX graphs on wasm equal the reference", () => {
  test.each(cases)("$name", async (c) => {
    const inputs = inputsOf(c);
    const truth = await run(referenceBackend(), inputs, (t) => traceCase(c, t).values);
    const value = await run(await wasmForTests(), inputs, (t) => traceCase(c, t).values);
    for (const name of Object.keys(truth)) expect.soft(relativeError(value[name], truth[name]), name).toBeLessThan(c.tolerance ?? 1e-5);
  });
});

test("every op has a case", () => {
  const seen = new Set(cases.flatMap((c) => traced(c, inputsOf(c)).graph.nodes.map((n) => n.op.name)));
  expect(Object.keys(ops).filter((name) => !seen.has(name))).toEqual([]);
  for (const [name, op] of Object.entries(ops)) expect(op.name).toBe(name);
});

test.each(cases)("folding sums into their terms keeps the values: $name", (c) => {
  const inputs = inputsOf(c);
  const { graph, result } = traced(c, inputs);
  const before = interpret(graph, inputs);
  for (const [name, t] of Object.entries(result.values)) graph.captures.set(name, t);
  const folded = { ...graph };
  foldAdd(folded);
  const after = interpret(folded, inputs);
  for (const [name, t] of Object.entries(result.values)) expect.soft(relativeError(after(t).data, before(t).data), name).toBeLessThan(1e-12);
});
