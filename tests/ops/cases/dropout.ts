import { ndUint } from "../../../src/engine/reference/nd-array.ts";
import { dropout } from "../../../src/ops/dropout.ts";
import { type OpCase, noise } from "./op-case.ts";

const counter = ndUint([4], [0xdeadbeef, 3, 1, 0]);

export const cases: OpCase[] = [
  { name: "dropout", inputs: { x: noise([3, 19]), counter }, build: ({ x, counter }) => [dropout(x, counter, 0.5, 7)], wrt: ["x"] },
  {
    name: "dropout, twice",
    inputs: { x: noise([257]), counter },
    build: ({ x, counter }) => [dropout(dropout(x, counter, 0.1, 0), counter, 0.05, 1)],
    wrt: ["x"],
  },
];
