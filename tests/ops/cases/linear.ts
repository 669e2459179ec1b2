import { linear } from "../../../src/ops/linear.ts";
import { columnSum } from "../../../src/ops/column-sum.ts";
import { add } from "../../../src/ops/add.ts";
import { nd } from "../../../src/engine/reference/nd-array.ts";
import { type OpCase, noise } from "./op-case.ts";

/** Three sites on one input, as q, k, v are: outs 12, 8, 8; ranks 4, 0, 8. */
const packed = (rows: number): OpCase["inputs"] => ({
  x: noise([rows, 20], 1),
  W: noise([28, 20], 2),
  bias: noise([28], 3),
  A: noise([12, 20], 4),
  B: noise([4 * 12 + 8 * 8], 5),
  scales: nd([4], [9, 2, 0.5, 1.5]),
});

export const cases: OpCase[] = [
  ...[1, 7, 8, 33].map((M): OpCase => ({
    name: `linear ${M} rows`,
    inputs: { x: noise([M, 12]), W: noise([20, 12], 2) },
    build: ({ x, W }) => [linear(x, W)],
    wrt: ["x", "W"],
  })),
  {
    name: "linear with bias, batched",
    inputs: { x: noise([2, 5, 8]), W: noise([12, 8], 2), b: noise([12], 3) },
    build: ({ x, W, b }) => [linear(x, W, { bias: b })],
    wrt: ["x", "W", "b"],
  },
  {
    name: "linear in-out",
    inputs: { x: noise([6, 8]), W: noise([8, 12], 2), b: noise([12], 3) },
    build: ({ x, W, b }) => [linear(x, W, { bias: b, layout: "in-out" })],
    wrt: ["x", "W", "b"],
  },
  ...[3, 40].map((M): OpCase => ({
    name: `linear of three sites with low-rank branches, ${M} rows`,
    inputs: packed(M),
    build: ({ x, W, bias, A, B, scales }) => [linear(x, W, { bias, outs: [12, 8, 8], low: { A, B, scales, index: [1, 2, 3], ranks: [4, 0, 8] } })],
    wrt: ["x", "W", "bias", "A", "B"],
  })),
  {
    name: "linear with a branch that has its own input",
    inputs: { x: noise([9, 8]), xLow: noise([9, 8], 7), W: noise([12, 8], 2), A: noise([4, 8], 4), B: noise([48], 5), scales: nd([1], [0.75]) },
    build: ({ x, xLow, W, A, B, scales }) => [linear(x, W, { low: { A, B, scales, index: [0], ranks: [4], x: xLow } })],
    wrt: ["x", "xLow", "W", "A", "B"],
  },
  {
    name: "linear with a residual folded in",
    inputs: { x: noise([9, 8]), W: noise([8, 8], 2), h: noise([9, 8], 3) },
    build: ({ x, W, h }) => [add(h, linear(x, W))],
    wrt: ["x", "W", "h"],
  },
  { name: "column sum", inputs: { x: noise([37, 12]) }, build: ({ x }) => [columnSum(x)], wrt: [] },
];
