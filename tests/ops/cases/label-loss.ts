import { nd, ndInt } from "../../../src/engine/reference/nd-array.ts";
import { pad4 } from "../../../src/engine/tensor.ts";
import { labelLoss } from "../../../src/ops/label-loss.ts";
import { type OpCase, ints, noise } from "./op-case.ts";

const logits = (rows: number, classes: number): ReturnType<typeof noise> => {
  const shape = [rows, pad4(classes)];
  return nd(shape, noise(shape, classes).data.map((v) => 5 * v)); // prettier-ignore
};

export const cases: OpCase[] = [
  ...[
    [1, 2],
    [7, 3],
    [37, 4],
    [19, 6],
  ].map(([rows, classes]): OpCase => ({
    name: `label loss, ${rows} rows of ${classes} classes`,
    inputs: {
      logits: logits(rows, classes),
      labels: ndInt([rows], ints([rows], classes, 9).data.map((v, i) => (i % 5 === 3 ? -100 : v))), // prettier-ignore
      n: nd([1], [rows / 2]),
    },
    build: ({ logits, labels, n }) => [labelLoss(logits, labels, n, classes).loss],
    wrt: ["logits"],
  })),
  {
    name: "label loss, losses per row",
    inputs: { logits: logits(4, 3), labels: ndInt([4], [2, -1, 0, 1]), n: nd([1], [3]) },
    build: ({ logits, labels, n }) => {
      const { loss, losses } = labelLoss(logits, labels, n, 3);
      return [loss, losses];
    },
    wrt: [],
  },
  {
    name: "label loss, a value per row",
    inputs: { logits: logits(23, 1), labels: noise([23], 5), n: nd([1], [23]) },
    build: ({ logits, labels, n }) => [labelLoss(logits, labels, n, 1).loss],
    wrt: ["logits"],
  },
];
