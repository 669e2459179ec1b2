// concat.ts — tensors side by side in the last dimension, and its inverse: a range of columns. x_i (…, N_i) → (…, ΣN_i).

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import type { Dispatch } from "../engine/op.ts";
import { type NdArray, nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Spec, type Tensor, last, rows, show, spec } from "../engine/tensor.ts";
import code from "./concat.wgsl?raw";

const copyColumns = kernel("copy-columns", code);

/** Copies `width` columns of x from column `from` on to column `to` of y. */
function launch(x: Tensor, from: number, y: Tensor, to: number, width: number): Dispatch {
  const count = (rows(x.shape) * width) / 4;
  const dims = { count, width: width / 4, source: from / 4, sourceRow: last(x.shape) / 4, place: to / 4, placeRow: last(y.shape) / 4 };
  return { kernel: copyColumns, dims, args: [x, y], grid: grid1d(count, 64) };
}

function copyRef(x: NdArray, from: number, y: NdArray, to: number, width: number): void {
  for (let m = 0; m < rows(x.shape); m++) for (let n = 0; n < width; n++) y.data[m * last(y.shape) + to + n] = x.data[m * last(x.shape) + from + n];
}

const starts = (xs: readonly Spec[]): number[] => xs.map((_, i) => xs.slice(0, i).reduce((sum, x) => sum + last(x.shape), 0));

export const concatOp = defineOp<Record<never, never>>({
  name: "concat",
  infer(xs) {
    const lead = xs[0].shape.slice(0, -1);
    for (const x of xs) {
      if (show({ shape: x.shape.slice(0, -1), dtype: x.dtype }) !== show({ shape: lead, dtype: "f32" }))
        throw new ShapeError(`rows differ: ${xs.map(show).join(" and ")}`);
      if (last(x.shape) % 4) throw new ShapeError(`columns must be multiples of 4, got ${show(x)}`);
    }
    return [spec([...lead, xs.reduce((sum, x) => sum + last(x.shape), 0)])];
  },
  vjp: ([dy], { inputs }, needs) => (dy ? starts(inputs).map((from, i) => (needs[i] ? columns(dy, from, last(inputs[i].shape)) : null)) : []),
  lower: ({ inputs, outputs: [y] }) => starts(inputs).map((to, i) => launch(inputs[i], 0, y, to, last(inputs[i].shape))),
  onnx({ inputs, outputs: [y] }, to) {
    to.setColumns(y, inputs.map((x) => ({ value: to.of(x), width: last(x.shape) }))); // prettier-ignore
  },
  ref(xs) {
    const y = nd([...xs[0].shape.slice(0, -1), xs.reduce((sum, x) => sum + last(x.shape), 0)]);
    starts(xs).forEach((to, i) => copyRef(xs[i], 0, y, to, last(xs[i].shape)));
    return [y];
  },
});

export const columnsOp = defineOp<{ from: number; width: number }>({
  name: "columns",
  infer([x], { from, width }) {
    if (from < 0 || width < 1 || from + width > last(x.shape) || from % 4 || width % 4)
      throw new ShapeError(`columns ${from} to ${from + width} of ${show(x)}: must lie within it, in multiples of 4`);
    return [spec([...x.shape.slice(0, -1), width])];
  },
  lower: ({ inputs: [x], outputs: [y], attrs }) => [launch(x, attrs.from, y, 0, attrs.width)],
  onnx: ({ inputs: [x], outputs: [y], attrs }, to) => to.set(y, to.columns(x, attrs.from, attrs.width)),
  ref([x], { from, width }) {
    const y = nd([...x.shape.slice(0, -1), width]);
    copyRef(x, from, y, 0, width);
    return [y];
  },
});

/** x_i (…, N_i) → (…, ΣN_i). */
export const concat = (xs: readonly Tensor[]): Tensor => (xs.length === 1 ? xs[0] : concatOp.apply(xs, {})[0]);
/** x (…, N) → (…, width). No gradient rule: it stands in backward graphs. */
export const columns = (x: Tensor, from: number, width: number): Tensor => columnsOp.apply([x], { from, width })[0];
