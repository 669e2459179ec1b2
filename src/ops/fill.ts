// fill.ts — a tensor whose every element is `value`, known when traced: zeros and ones. () → shape. A value that changes per step is a leaf instead.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { type Shape, type Tensor, size, spec } from "../engine/tensor.ts";
import code from "./fill.wgsl?raw";

export const fillKernel = kernel("fill", code);

export const fillOp = defineOp<{ shape: Shape; value: number }>({
  name: "fill",
  infer: (_, { shape }) => [spec(shape)],
  lower({ outputs: [y], attrs: { value } }) {
    const count = Math.ceil(size(y.shape) / 4);
    return [{ kernel: fillKernel, dims: { count, value }, args: [y], grid: grid1d(count, 64) }];
  },
  onnx: ({ outputs: [y], attrs: { value } }, to) => to.set(y, to.add("Expand", [to.f32(value), to.i64(y.shape)])),
  ref: (_, { shape, value }) => [nd(shape, new Float64Array(size(shape)).fill(value))],
});

/** () → shape. */
export const fill = (shape: Shape, value: number): Tensor => fillOp.apply([], { shape, value })[0];
