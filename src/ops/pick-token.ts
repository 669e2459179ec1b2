// pick-token.ts — one token of each row: the first, or the last that the mask counts (the first where it counts none). What classifiers read.
// x (B, T, C), mask i32 (B, T) → y (B, C).

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { type NdArray, nd } from "../engine/reference/nd-array.ts";
import { type Shape, ShapeError, type Tensor, last, show, size, spec } from "../engine/tensor.ts";
import type { OnnxBuilder } from "../engine/wasm/onnx-builder.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import backwardCode from "./pick-token.backward.wgsl?raw";
import code from "./pick-token.wgsl?raw";

export type Which = "first" | "last";

const pick = kernel("pick-token", code);
const put = kernel("pick-token.backward", backwardCode);

const dimsOf = ([, tokens, width]: Shape, count: number, which: Which) => ({ count, tokens, columns: width / 4, last: Number(which === "last") });

/** Row of each picked token in x as a matrix (B·T, C). */
function rowsRef(mask: NdArray, which: Which): number[] {
  const [batch, tokens] = mask.shape;
  return Array.from({ length: batch }, (_, b) => {
    let t = which === "last" ? tokens - 1 : 0;
    while (t > 0 && mask.data[b * tokens + t] === 0) t--;
    return b * tokens + t;
  });
}

/** The same, i32 (B). */
function rowsOnnx(mask: Tensor, which: Which, to: OnnxBuilder): Value {
  const [batch, tokens] = mask.shape;
  return to.once(`picked ${which} ${mask.id}`, () => {
    const starts = to.add("Mul", [to.range(batch), to.i32(tokens)]);
    if (which === "first") return starts;
    const places = to.add("Where", [to.add("Equal", [to.of(mask), to.i32(0)]), to.i32(0), to.range(tokens)]);
    return to.add("Add", [starts, to.reshape(to.reduce("ReduceMax", places, 1), [batch])]);
  });
}

export const pickTokenOp = defineOp<{ which: Which }>({
  name: "pickToken",
  infer([x, mask]) {
    const [batch, tokens] = x.shape;
    if (x.shape.length !== 3 || last(x.shape) % 4) throw new ShapeError(`x ${show(x)} is not (B, T, C) with a C that is a multiple of 4`);
    if (show(mask) !== `i32 (${batch}, ${tokens})`) throw new ShapeError(`mask ${show(mask)} must be i32 (${batch}, ${tokens}): one number per token`);
    return [spec([batch, last(x.shape)])];
  },
  vjp: ([dy], { inputs: [x, mask], attrs }) => [dy && pickTokenBackwardOp.apply([dy, mask], { ...attrs, shape: x.shape })[0], null],
  lower({ inputs: [x, mask], outputs: [y], attrs: { which } }) {
    const count = size(y.shape) / 4;
    return [{ kernel: pick, dims: dimsOf(x.shape, count, which), args: [x, mask, y], grid: grid1d(count, 64) }];
  },
  onnx: ({ inputs: [x, mask], outputs: [y], attrs: { which } }, to) => to.set(y, to.add("Gather", [to.matrix(x), rowsOnnx(mask, which, to)], { axis: 0 })),
  ref([x, mask], { which }) {
    const width = last(x.shape);
    const y = nd([x.shape[0], width]);
    rowsRef(mask, which).forEach((row, b) => y.data.set(x.data.subarray(row * width, (row + 1) * width), b * width));
    return [y];
  },
});

/** dx is dy at the picked token and 0 elsewhere: dy (B, C), mask i32 (B, T) → (B, T, C). */
export const pickTokenBackwardOp = defineOp<{ which: Which; shape: Shape }>({
  name: "pickToken.backward",
  infer: (_, { shape }) => [spec(shape)],
  lower({ inputs: [dy, mask], outputs: [dx], attrs: { which, shape } }) {
    const count = size(shape) / 4;
    return [{ kernel: put, dims: dimsOf(shape, count, which), args: [dy, mask, dx], grid: grid1d(count, 64) }];
  },
  onnx({ inputs: [dy, mask], outputs: [dx], attrs: { which, shape } }, to) {
    const at = to.reshape(to.cast(rowsOnnx(mask, which, to), "i64"), [-1, 1]);
    to.set(dx, to.reshape(to.add("ScatterND", [to.zeros([size(shape) / last(shape), last(shape)]), at, to.of(dy)]), shape));
  },
  ref([dy, mask], { which, shape }) {
    const width = last(shape);
    const dx = nd(shape);
    rowsRef(mask, which).forEach((row, b) => dx.data.set(dy.data.subarray(b * width, (b + 1) * width), row * width));
    return [dx];
  },
});

/** x (B, T, C), mask i32 (B, T) → (B, C). */
export const pickToken = (x: Tensor, mask: Tensor, which: Which): Tensor => pickTokenOp.apply([x, mask], { which })[0];
