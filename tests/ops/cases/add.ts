import { add, addInto } from "../../../src/ops/add.ts";
import { type OpCase, noise } from "./op-case.ts";

export const cases: OpCase[] = [
  { name: "add", inputs: { a: noise([3, 7]), b: noise([3, 7], 2) }, build: ({ a, b }) => [add(a, add(a, b))], wrt: ["a", "b"] },
  { name: "add into a leaf", inputs: { a: noise([257]), b: noise([257], 2) }, build: ({ a, b }) => [addInto(a, b)], wrt: [] },
];
