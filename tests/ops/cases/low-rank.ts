import { nd } from "../../../src/engine/reference/nd-array.ts";
import { add } from "../../../src/ops/add.ts";
import { lowRank } from "../../../src/ops/low-rank.ts";
import { type OpCase, noise } from "./op-case.ts";

const inputs = (rows: number[], K: number, r: number, N: number): OpCase["inputs"] => ({
  x: noise([...rows, K]),
  A: noise([r, K], 2),
  B: noise([r, N], 3),
  scales: nd([3], [9, 0.75, 2]),
});

export const cases: OpCase[] = [
  ...[[1], [7], [2, 5], [33]].map((rows): OpCase => ({
    name: `low rank (${rows})`,
    inputs: inputs(rows, 12, 4, 20),
    build: ({ x, A, B, scales }) => [lowRank(x, A, B, scales, 1)],
    wrt: ["x", "A", "B"],
  })),
  {
    name: "low rank with a sum folded in, which it reads too",
    inputs: { ...inputs([3, 6], 16, 8, 16), h: noise([3, 6, 16], 5) },
    build: ({ x, h, A, B, scales }) => [add(add(h, x), lowRank(x, A, B, scales, 2))],
    wrt: ["x", "h", "A", "B"],
  },
];
