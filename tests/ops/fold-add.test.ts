// Sums folded into the ops that make their terms: the same values in fewer launches.

import { describe, expect, test } from "vitest";
import { grad } from "../../src/engine/grad.ts";
import { type Graph, capture, leaf, trace } from "../../src/engine/graph.ts";
import { dropDead } from "../../src/engine/passes/dead.ts";
import { optimise } from "../../src/engine/passes/index.ts";
import type { NdArray } from "../../src/engine/reference/nd-array.ts";
import type { Tensor } from "../../src/engine/tensor.ts";
import { add, addInto } from "../../src/ops/add.ts";
import { mul } from "../../src/ops/elementwise.ts";
import { embedding } from "../../src/ops/embedding.ts";
import { sum } from "../../src/ops/reduce.ts";
import { rmsNorm } from "../../src/ops/rms-norm.ts";
import { classes, webgpuOf } from "../harness/classes.ts";
import { interpret } from "../harness/interpret.ts";
import { relativeError, run } from "../harness/run.ts";
import { webgpuMissing } from "../harness/webgpu.ts";
import { ints, noise } from "./cases/op-case.ts";

const inputs: Record<string, NdArray> = {
  ids: ints([3, 7], 9),
  table: noise([9, 12], 2),
  w: noise([12], 3),
  c: noise([3, 7, 12], 4),
  tableGradient: noise([9, 12], 5),
  wGradient: noise([12], 6),
};

/** A residual block on an embedding; gradients accumulated into leaves that already hold something. */
function block({ ids, table, w, c, tableGradient, wGradient }: Record<string, Tensor>): Record<string, Tensor> {
  const x = embedding(ids, table);
  const loss = sum(mul(add(x, rmsNorm(x, w, 1e-5)), c));
  const [dTable, dw] = grad(loss, [table, w], add);
  return { loss, dTable: addInto(tableGradient, dTable!), dw: addInto(wGradient, dw!) };
}

const traced = () =>
  trace(() => {
    const out = block(Object.fromEntries(Object.entries(inputs).map(([name, a]) => [name, leaf("state", name, a.shape, a.dtype)])));
    for (const [name, t] of Object.entries(out)) capture(name, t);
    return out;
  });
const launches = (graph: Graph): number =>
  graph.nodes.reduce((n, node) => n + node.op.lower(node, { class: "cpu", maxStorageBufferBindingSize: 2 ** 27 }).length, 0);

test("three sums of a residual block's gradient are folded, the values stay", () => {
  const { graph, result } = traced();
  dropDead(graph);
  const before = interpret(graph, inputs);
  const folded = { ...graph };
  optimise(folded);
  const adds = (g: Graph): number => g.nodes.filter((n) => n.op.name === "add").length;
  expect(adds(graph)).toBe(4);
  expect(adds(folded)).toBe(1); // the residual itself: rmsNorm's forward takes no addend
  expect(launches(folded)).toBe(launches(graph) - 4); // and the table's gradient needs no zeros
  const after = interpret(folded, inputs);
  for (const [name, t] of Object.entries(result)) expect(relativeError(after(t).data, before(t).data), name).toBeLessThan(1e-14);
});

describe.skipIf(webgpuMissing)("on WebGPU", () => {
  test.each(classes)("the folded block equals the unfolded reference, class %s", async (target) => {
    const { graph, result } = traced();
    const truth = interpret(graph, inputs);
    const value = await run(await webgpuOf(target), inputs, block);
    for (const [name, t] of Object.entries(result)) expect.soft(relativeError(value[name], truth(t).data), name).toBeLessThan(1e-5);
    expect(relativeError(value["leaf tableGradient"], truth(result.dTable).data)).toBeLessThan(1e-5);
  });
});
