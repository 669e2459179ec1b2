// abs.ts — y = |x| per element: weights without their signs, for SynFlow. x (…) → (…). No gradient rule: what is asked for is ∂R/∂|x| itself.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, size } from "../engine/tensor.ts";
import code from "./abs.wgsl?raw";

const absKernel = kernel("abs", code);

export const absOp = defineOp<object>({
  name: "abs",
  infer([x]) {
    if (x.dtype !== "f32") throw new ShapeError(`abs of ${show(x)}: only f32 is computed with`);
    return [x];
  },
  lower({ inputs: [x], outputs: [y] }) {
    const count = Math.ceil(size(x.shape) / 4);
    return [{ kernel: absKernel, dims: { count }, args: [x, y], grid: grid1d(count, 64) }];
  },
  onnx: ({ inputs: [x], outputs: [y] }, to) => to.set(y, to.add("Abs", [to.of(x)])),
  ref: ([x]) => [nd(x.shape, Float64Array.from(x.data, Math.abs))],
});

/** x (…) → (…). */
export const abs = (x: Tensor): Tensor => absOp.apply([x], {})[0];
