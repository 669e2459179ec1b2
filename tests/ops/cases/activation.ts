import { nd } from "../../../src/engine/reference/nd-array.ts";
import { type ActivationName, activation, activations } from "../../../src/ops/activation.ts";
import { type OpCase, noise } from "./op-case.ts";

const kinds = Object.keys(activations) as ActivationName[];

export const cases: OpCase[] = kinds.flatMap((kind) => [
  ...[[6], [7, 12], [257, 4], [3, 5]].map((shape): OpCase => ({
    name: `${kind} of (${shape})`,
    inputs: { x: nd(shape, noise(shape).data.map((v) => 4 * v)) }, // prettier-ignore
    build: ({ x }) => [activation(x, kind)],
    wrt: ["x"],
  })),
  {
    name: `${kind} far from 0`,
    inputs: { x: nd([2, 8], [-1e4, -200, -90, -30, 1, -1, 2, 3, 1e4, 200, 90, 30, 15, -15, -6, 6]) },
    build: ({ x }) => [activation(x, kind)],
    wrt: ["x"],
  },
]);
