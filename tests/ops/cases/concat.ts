import { columns, concat } from "../../../src/ops/concat.ts";
import { type OpCase, noise } from "./op-case.ts";

export const cases: OpCase[] = [
  {
    name: "concat",
    inputs: { a: noise([2, 3, 8]), b: noise([2, 3, 4], 2), c: noise([2, 3, 12], 3) },
    build: ({ a, b, c }) => [concat([a, b, c])],
    wrt: ["a", "b", "c"],
  },
  { name: "columns", inputs: { x: noise([5, 12]) }, build: ({ x }) => [columns(x, 4, 4)], wrt: [] },
];
