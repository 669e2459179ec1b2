import { mul } from "../../../src/ops/elementwise.ts";
import { reshape } from "../../../src/ops/reshape.ts";
import { type OpCase, noise } from "./op-case.ts";

export const cases: OpCase[] = [
  {
    name: "reshape",
    inputs: { x: noise([3, 5, 4]), w: noise([15, 4], 2) },
    build: ({ x, w }) => [reshape(mul(reshape(x, [15, 4]), w), [60])],
    wrt: ["x", "w"],
  },
  { name: "reshape of a single number", inputs: { x: noise([1, 1]) }, build: ({ x }) => [reshape(x, [1])], wrt: ["x"] },
];
