// rescale.ts — x forward, s · dy backward: keeps cotangents of deep networks within f32's range. With powers of two nothing is rounded, and the host
// divides the factors out again. It is not a derivative, on purpose. x (…), s (1), a leaf written before each replay → (…).

import { defineOp } from "../engine/graph.ts";
import { ShapeError, type Tensor, show, size } from "../engine/tensor.ts";
import { scaleBy } from "./elementwise.ts";

export const rescaleOp = defineOp<object>({
  name: "rescale",
  infer([x, s]) {
    if (size(s.shape) !== 1) throw new ShapeError(`the factor is ${show(s)}; it must hold one element`);
    return [x];
  },
  view: true,
  vjp: ([dy], { inputs: [, s] }) => [dy && scaleBy(dy, s), null],
  lower: () => [],
  ref: ([x]) => [x],
});

/** x (…), s (1) → (…). */
export const rescale = (x: Tensor, s: Tensor): Tensor => rescaleOp.apply([x, s], {})[0];
