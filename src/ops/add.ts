// add.ts — y = a + b, elementwise, shapes equal. In place: a += b (gradients accumulated into their leaf).

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, size } from "../engine/tensor.ts";
import inPlaceCode from "./add.in-place.wgsl?raw";
import code from "./add.wgsl?raw";

const sum = kernel("add", code);
const sumInPlace = kernel("add.in-place", inPlaceCode);

export const addOp = defineOp<{ inPlace?: boolean }>({
  name: "add",
  infer([a, b]) {
    if (show(a) !== show(b)) throw new ShapeError(`terms differ in shape: ${show(a)} and ${show(b)}`);
    return [a];
  },
  vjp: ([dy]) => [dy, dy],
  inPlace: ({ inPlace }) => (inPlace ? [[0, 0]] : []),
  lower({ inputs: [a, b], outputs: [y], attrs }) {
    const count = Math.ceil(size(y.shape) / 4);
    return [{ kernel: attrs.inPlace ? sumInPlace : sum, dims: { count }, args: attrs.inPlace ? [y, b] : [a, b, y], grid: grid1d(count, 64) }];
  },
  onnx: ({ inputs: [a, b], outputs: [y] }, to) => to.set(y, to.add("Add", [to.of(a), to.of(b)])),
  ref: ([a, b]) => [nd(a.shape, a.data.map((v, i) => v + b.data[i]))], // prettier-ignore
});

/** a (…), b (…) → (…). */
export const add = (a: Tensor, b: Tensor): Tensor => addOp.apply([a, b], {})[0];
/** leaf += b, for good. */
export const addInto = (leaf: Tensor, b: Tensor): Tensor => addOp.apply([leaf, b], { inPlace: true })[0];
