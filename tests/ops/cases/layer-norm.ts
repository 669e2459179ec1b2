import { nd } from "../../../src/engine/reference/nd-array.ts";
import { add } from "../../../src/ops/add.ts";
import { layerNorm, layerNormOp } from "../../../src/ops/layer-norm.ts";
import { type OpCase, noise } from "./op-case.ts";

export const cases: OpCase[] = [
  ...[
    [1, 4],
    [7, 20],
    [257, 8],
    [3, 260],
  ].map(([rows, C]): OpCase => ({
    name: `layer norm of ${rows} rows of ${C}`,
    inputs: { x: noise([rows, C]), w: noise([C], 2), b: noise([C], 3) },
    build: ({ x, w, b }) => [layerNorm(x, w, b, 1e-5)],
    wrt: ["x", "w", "b"],
  })),
  {
    name: "layer norm, batched, eps that matters",
    inputs: { x: nd([2, 3, 8], noise([48]).data.map((v) => v / 64)), w: noise([8], 2), b: noise([8], 3) }, // prettier-ignore
    build: ({ x, w, b }) => [layerNorm(x, w, b, 1e-2)],
    wrt: ["x", "w", "b"],
  },
  {
    name: "layer norm far from 0",
    inputs: { x: nd([3, 64], noise([192]).data.map((v) => 1000 + Math.round(64 * v) / 64)), w: noise([64], 2), b: noise([64], 3) }, // prettier-ignore
    build: ({ x, w, b }) => [layerNorm(x, w, b, 1e-5)],
    wrt: ["x", "w", "b"],
    tolerance: 2e-4, // the mean itself is rounded to 6e-5, of values within 1 of it
  },
  {
    name: "layer norm in a residual",
    inputs: { x: noise([5, 12]), w: noise([12], 2), b: noise([12], 3) },
    build: ({ x, w, b }) => [add(x, layerNorm(x, w, b, 1e-5))],
    wrt: ["x", "w", "b"],
  },
  {
    name: "layer norm used twice",
    inputs: { x: noise([5, 12]), z: noise([9, 12], 4), w: noise([12], 2), b: noise([12], 3) },
    build: ({ x, z, w, b }) => [layerNorm(x, w, b, 1e-5), layerNorm(z, w, b, 1e-5)],
    wrt: ["x", "z", "w", "b"],
  },
  {
    name: "layer norm's mean and rstd",
    inputs: { x: noise([33, 12]), w: noise([12], 2), b: noise([12], 3) },
    build: ({ x, w, b }) => [...layerNormOp.apply([x, w, b], { eps: 1e-6 })],
    wrt: [],
  },
];
