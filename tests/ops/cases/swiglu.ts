import { nd } from "../../../src/engine/reference/nd-array.ts";
import { swiglu } from "../../../src/ops/swiglu.ts";
import { type OpCase, noise } from "./op-case.ts";

export const cases: OpCase[] = [
  ...[
    [1, 4],
    [7, 12],
    [257, 4],
  ].map(([rows, F]): OpCase => ({
    name: `swiglu of ${rows} rows of ${F}`,
    inputs: { x: nd([rows, 2 * F], noise([rows * 2 * F]).data.map((v) => 6 * v)) }, // prettier-ignore
    build: ({ x }) => [swiglu(x)],
    wrt: ["x"],
  })),
  {
    name: "swiglu of gates far from 0",
    inputs: { x: nd([2, 8], [-1e4, -200, -90, -30, 1, -1, 2, 3, 1e4, 200, 90, 30, 1, -1, 2, 3]) },
    build: ({ x }) => [swiglu(x)],
    wrt: ["x"],
  },
];
