import { nd } from "../../../src/engine/reference/nd-array.ts";
import { lowRankNorm } from "../../../src/ops/low-rank-norm.ts";
import { type OpCase, noise } from "./op-case.ts";

const lowRankCase = (K: number, ranks: number[], outs: number[], scaleIndex: number[]): OpCase => ({
  name: `low-rank norm, ranks ${ranks.join(", ")}`,
  inputs: {
    a: noise([
      Math.max(
        4,
        ranks.reduce((x, y) => x + y, 0),
      ),
      K,
    ]),
    b: noise(
      [
        Math.max(
          4,
          ranks.reduce((x, r, s) => x + r * outs[s], 0),
        ),
      ],
      2,
    ),
    scales: nd([3], [2, -0.5, 0.25]),
  },
  build: ({ a, b, scales }) => [lowRankNorm(a, b, scales, { ranks, outs, scaleIndex })],
  wrt: [],
});

export const cases: OpCase[] = [
  lowRankCase(12, [4, 0, 8, 5], [8, 12, 20, 4], [0, 1, 1, 2]),
  lowRankCase(8, [1], [4], [2]),
  lowRankCase(8, [0], [4], [0]),
  lowRankCase(20, [65, 3], [72, 8], [1, 0]),
];
