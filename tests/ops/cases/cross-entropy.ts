import { ndInt, nd } from "../../../src/engine/reference/nd-array.ts";
import { IGNORED, crossEntropy, logits } from "../../../src/ops/cross-entropy.ts";
import { type OpCase, ints, noise } from "./op-case.ts";

const labels = (M: number, V: number): OpCase["inputs"][string] => ndInt([M], ints([M], V, 9).data.map((v, i) => (i % 3 === 1 ? IGNORED : v))); // prettier-ignore

export const cases: OpCase[] = [
  ...[
    [1, 5],
    [13, 31],
    [40, 64],
  ].map(([M, V]): OpCase => ({
    name: `cross entropy ${M} rows of ${V}`,
    inputs: { x: noise([M, 12]), W: noise([V, 12], 2), labels: labels(M, V), n: nd([1], [M / 2]) },
    build: ({ x, W, labels, n }) => [crossEntropy(x, W, labels, n, { x: true, W: true }).loss],
    wrt: ["x", "W"],
  })),
  {
    name: "cross entropy without gradient",
    inputs: { x: noise([11, 8]), W: noise([9, 8], 2), labels: labels(11, 9), n: nd([1], [1]) },
    build: ({ x, W, labels, n }) => {
      const { loss, losses, correct } = crossEntropy(x, W, labels, n, { x: false, W: false });
      return [loss, losses, correct];
    },
    wrt: [],
  },
  { name: "logits", inputs: { x: noise([3, 8]), W: noise([12, 8], 2) }, build: ({ x, W }) => [logits(x, W)], wrt: [] },
];
