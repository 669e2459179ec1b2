// reshape.ts — the same elements under another shape: a view, no launch and no memory. x (…) → shape, as many elements.

import { ONE } from "../engine/grad.ts";
import { defineOp } from "../engine/graph.ts";
import { type Shape, ShapeError, type Tensor, show, size } from "../engine/tensor.ts";
import { fill } from "./fill.ts";

export const reshapeOp = defineOp<{ shape: Shape }>({
  name: "reshape",
  view: true,
  infer([x], { shape }) {
    if (size(shape) !== size(x.shape)) throw new ShapeError(`${show(x)} holds ${size(x.shape)} elements, (${shape.join(", ")}) needs ${size(shape)}`);
    return [{ shape, dtype: x.dtype }];
  },
  vjp: ([dy], { inputs: [x] }) => [dy && (dy === ONE ? fill(x.shape, 1) : reshape(dy, x.shape))],
  lower: () => [],
  ref: ([x], { shape }) => [{ ...x, shape }],
});

/** x (…) → shape; x itself if it has that shape. */
export const reshape = (x: Tensor, shape: Shape): Tensor => (show({ shape, dtype: x.dtype }) === show(x) ? x : reshapeOp.apply([x], { shape })[0]);
