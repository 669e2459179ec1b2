import { nd } from "../../../src/engine/reference/nd-array.ts";
import { mul, scaleBy } from "../../../src/ops/elementwise.ts";
import { fill } from "../../../src/ops/fill.ts";
import { broadcast, sum } from "../../../src/ops/reduce.ts";
import { type OpCase, noise } from "./op-case.ts";

export const cases: OpCase[] = [
  ...[1, 5, 257, 4097, 30001].map((n): OpCase => ({ name: `sum of ${n}`, inputs: { x: noise([n]) }, build: ({ x }) => [sum(mul(x, x))], wrt: ["x"] })),
  { name: "sum, alone", inputs: { x: noise([3, 5]) }, build: ({ x }) => [sum(x)], wrt: ["x"] },
  { name: "sum, used again", inputs: { x: noise([3, 5]) }, build: ({ x }) => [scaleBy(x, sum(x))], wrt: ["x"] },
  { name: "broadcast", inputs: { s: nd([1], [2.5]) }, build: ({ s }) => [broadcast(s, [3, 7])], wrt: ["s"] },
  { name: "fill", inputs: { x: noise([9]) }, build: ({ x }) => [mul(x, fill([9], 0.5))], wrt: ["x"] },
];
