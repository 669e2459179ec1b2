// Random graphs of elementwise, view and in-place ops: the memory plan passes its own check; WebGPU and wasm equal the reference.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { capture, leaf, trace } from "../../src/engine/graph.ts";
import { checkLayout, layOut } from "../../src/engine/memory.ts";
import { optimise } from "../../src/engine/passes/index.ts";
import { referenceBackend } from "../../src/engine/reference/backend.ts";
import { nd } from "../../src/engine/reference/nd-array.ts";
import type { Shape, Tensor } from "../../src/engine/tensor.ts";
import { add, addInto } from "../../src/ops/add.ts";
import { mul, scaleBy } from "../../src/ops/elementwise.ts";
import { broadcast, sum } from "../../src/ops/reduce.ts";
import { reshape } from "../../src/ops/reshape.ts";
import { wasmForTests } from "../harness/backends.ts";
import { webgpuOf } from "../harness/classes.ts";
import { relativeError, run } from "../harness/run.ts";
import { webgpuMissing } from "../harness/webgpu.ts";
import { noise } from "./cases/op-case.ts";

type Step = { op: "add" | "mul" | "scaleBy" | "reshape" | "addInto" | "spread"; i: number; j: number };
const shapes: Shape[] = [[15], [3, 5], [5, 3], [1, 15]];
/** Positive, so that no sum cancels. */
const positive = (seed: number) => nd([15], noise([15], seed).data.map((v) => 0.1 + Math.abs(v))); // prettier-ignore
const inputs = { a: positive(1), b: positive(2), c: positive(3), s: nd([1], [0.5]) };

const steps = fc.array(fc.record<Step>({ op: fc.constantFrom("add", "mul", "scaleBy", "reshape", "addInto", "spread"), i: fc.nat(999), j: fc.nat(999) }), {
  minLength: 3,
  maxLength: 25,
});

/** Follows the steps over a pool of values. `held` names the leaf whose memory a value lies in: once that is updated, older views of it are gone. */
function build(program: readonly Step[], { a, b, c, s }: Record<string, Tensor>): Record<string, Tensor> {
  type Value = { t: Tensor; held: object };
  let pool: Value[] = [a, b, c].map((t) => ({ t, held: { leaf: t } }));
  const leaves = new Set(pool.map((v) => v.held));
  for (const { op, i, j } of program) {
    const x = pool[i % pool.length];
    const y = pool[j % pool.length];
    const like = (t: Tensor): Tensor => reshape(t, x.t.shape);
    const made = (t: Tensor): void => void pool.push({ t, held: {} });
    if (op === "add") made(add(x.t, like(y.t)));
    else if (op === "mul") made(mul(x.t, like(y.t)));
    else if (op === "scaleBy") made(scaleBy(x.t, s));
    else if (op === "spread") made(add(x.t, broadcast(sum(y.t), x.t.shape)));
    else if (op === "reshape") pool.push({ t: reshape(x.t, shapes[j % shapes.length]), held: x.held });
    else if (x.held !== y.held) {
      const t = addInto(x.t, like(y.t));
      if (leaves.has(x.held)) pool = pool.filter((v) => v.held !== x.held);
      pool.push({ t, held: leaves.has(x.held) ? x.held : {} });
    }
  }
  return Object.fromEntries(pool.slice(-4).map((v, n) => [`y${n}`, v.t]));
}

const traced = (program: readonly Step[]) =>
  trace(() => {
    const out = build(program, Object.fromEntries(Object.entries(inputs).map(([name, v]) => [name, leaf("state", name, v.shape)])));
    for (const [name, t] of Object.entries(out)) capture(name, t);
  }).graph;

test("the memory plan of random graphs passes its check", () => {
  fc.assert(
    fc.property(steps, (program) => {
      const graph = traced(program);
      optimise(graph);
      checkLayout(graph, layOut(graph));
    }),
    { numRuns: 500 },
  );
});

test("the check notices two live values in one slot", () => {
  const graph = traced([
    { op: "add", i: 0, j: 1 },
    { op: "mul", i: 0, j: 2 },
    { op: "add", i: 3, j: 4 },
    { op: "add", i: 5, j: 3 },
    { op: "scaleBy", i: 6, j: 0 },
    { op: "scaleBy", i: 6, j: 0 },
    { op: "scaleBy", i: 6, j: 0 },
    { op: "scaleBy", i: 6, j: 0 },
  ]);
  optimise(graph);
  const layout = layOut(graph);
  checkLayout(graph, layout);
  const place = new Map([...layout.place].map(([id, p]) => [id, "slot" in p ? { slot: 0 } : p] as const));
  expect(() => checkLayout(graph, { ...layout, place })).toThrow("memory plan");
});

describe.each(["webgpu", "wasm"] as const)("on %s", (name) => {
  test.skipIf(name === "webgpu" && webgpuMissing)("random graphs equal the reference", async () => {
    const backend = await (name === "wasm" ? wasmForTests() : webgpuOf("cpu"));
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        const truth = await run(referenceBackend(), inputs, (t) => build(program, t));
        const value = await run(backend, inputs, (t) => build(program, t));
        for (const name of Object.keys(truth)) expect(relativeError(value[name], truth[name]), name).toBeLessThan(1e-5);
      }),
      { numRuns: 60 },
    );
  });
});
