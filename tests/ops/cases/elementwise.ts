import { nd } from "../../../src/engine/reference/nd-array.ts";
import { mul, scaleBy } from "../../../src/ops/elementwise.ts";
import { type OpCase, noise } from "./op-case.ts";

export const cases: OpCase[] = [
  { name: "mul", inputs: { a: noise([3, 7]), b: noise([3, 7], 2) }, build: ({ a, b }) => [mul(a, b)], wrt: ["a", "b"] },
  { name: "mul, a square", inputs: { a: noise([257]) }, build: ({ a }) => [mul(a, a)], wrt: ["a"] },
  { name: "mul of single numbers", inputs: { a: nd([1], [3]), b: nd([1], [-2]) }, build: ({ a, b }) => [mul(a, b)], wrt: ["a", "b"] },
  { name: "scale by", inputs: { x: noise([5, 9]), s: nd([1], [-1.5]) }, build: ({ x, s }) => [scaleBy(x, s)], wrt: ["x", "s"] },
  { name: "scale a single number", inputs: { x: nd([1], [3]), s: nd([1], [-1.5]) }, build: ({ x, s }) => [scaleBy(x, s)], wrt: ["x", "s"] },
];
