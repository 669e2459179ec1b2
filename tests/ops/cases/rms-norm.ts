import { nd } from "../../../src/engine/reference/nd-array.ts";
import { add } from "../../../src/ops/add.ts";
import { rmsNorm, rmsNormOp } from "../../../src/ops/rms-norm.ts";
import { type OpCase, noise } from "./op-case.ts";

export const cases: OpCase[] = [
  ...[
    [1, 4],
    [7, 20],
    [257, 8],
    [3, 260],
  ].map(([rows, C]): OpCase => ({
    name: `rms norm of ${rows} rows of ${C}`,
    inputs: { x: noise([rows, C]), w: noise([C], 2) },
    build: ({ x, w }) => [rmsNorm(x, w, 1e-5)],
    wrt: ["x", "w"],
  })),
  {
    name: "rms norm, batched, eps that matters",
    inputs: { x: nd([2, 3, 8], noise([48]).data.map((v) => v / 64)), w: noise([8], 2) }, // prettier-ignore
    build: ({ x, w }) => [rmsNorm(x, w, 1e-2)],
    wrt: ["x", "w"],
  },
  {
    name: "rms norm in a residual",
    inputs: { x: noise([5, 12]), w: noise([12], 2) },
    build: ({ x, w }) => [add(x, rmsNorm(x, w, 1e-5))],
    wrt: ["x", "w"],
  },
  { name: "rms norm's rstd", inputs: { x: noise([33, 12]), w: noise([12], 2) }, build: ({ x, w }) => [...rmsNormOp.apply([x, w], { eps: 1e-6 })], wrt: [] },
];
