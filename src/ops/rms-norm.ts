// rms-norm.ts — y = x · rstd · w, rstd = 1/√(mean(x²) + eps) per row. Zhang & Sennrich 2019, https://arxiv.org/abs/1910.07467
// x (…, C), w (C) → y (…, C), rstd (rows). Sums in f32.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, last, rows, show, spec } from "../engine/tensor.ts";
import backwardWeightCode from "./rms-norm.backward.weight.wgsl?raw";
import backwardCode from "./rms-norm.backward.wgsl?raw";
import code from "./rms-norm.wgsl?raw";
import { rowGrid, rowKernel } from "./row-kernel.ts";

const forward = rowKernel("rms-norm", code);
const backward = rowKernel("rms-norm.backward", backwardCode);
const backwardWeight = kernel("rms-norm.backward.weight", backwardWeightCode);

export const rmsNormOp = defineOp<{ eps: number }>({
  name: "rmsNorm",
  infer([x, w]) {
    const width = last(x.shape);
    if (w.shape.length !== 1 || w.shape[0] !== width)
      throw new ShapeError(`x ${show(x)} has ${width} features, the weight is ${show(w)}. Is hidden_size right in config.json?`);
    if (width % 4) throw new ShapeError(`x ${show(x)}: rows of ${width} are no whole vec4s; the width must be a multiple of 4`);
    return [x, spec([rows(x.shape)])];
  },
  vjp([dy, drstd], { inputs: [x, w], outputs: [, rstd] }, needs) {
    if (drstd) throw new Error("rstd is saved for the backward pass; it has no gradient rule");
    if (!dy) return [null, null];
    return [needs[0] ? rmsNormBackwardOp.apply([dy, x, w, rstd], {})[0] : null, needs[1] ? rmsNormBackwardWeightOp.apply([dy, x, rstd], {})[0] : null];
  },
  lower({ inputs: [x, w], outputs: [y, rstd], attrs: { eps } }, target) {
    const n = rows(x.shape);
    return [{ kernel: forward[target.class], dims: { rows: n, columns: last(x.shape) / 4, eps }, args: [x, w, y, rstd], grid: rowGrid(n, target) }];
  },
  onnx({ inputs: [x, w], outputs: [y, rstd], attrs: { eps } }, to) {
    const [normal, inverse] = to.addAll("SimplifiedLayerNormalization", [to.of(x), to.of(w)], 2, { axis: -1, epsilon: { float: eps }, stash_type: 1 });
    to.set(y, normal);
    to.set(rstd, to.reshape(inverse, rstd.shape));
  },
  ref([x, w], { eps }) {
    const width = last(x.shape);
    const n = rows(x.shape);
    const y = nd(x.shape);
    const rstd = nd([n]);
    for (let i = 0; i < n; i++) {
      let squares = 0;
      for (let c = 0; c < width; c++) squares += x.data[i * width + c] ** 2;
      rstd.data[i] = 1 / Math.sqrt(squares / width + eps);
      for (let c = 0; c < width; c++) y.data[i * width + c] = x.data[i * width + c] * rstd.data[i] * w.data[c];
    }
    return [y, rstd];
  },
});

/** dx = rstd · (dy·w − x · rstd² · mean(dy·w·x)) [+ addend]: dy (…, C), x (…, C), w (C), rstd (rows) → (…, C). */
export const rmsNormBackwardOp = defineOp<{ addend?: boolean }>({
  name: "rmsNorm.backward",
  infer: ([, x]) => [x],
  withAddend: (attrs, how) => (how === "read" && !attrs.addend ? { ...attrs, addend: true } : null),
  lower({ inputs: [dy, x, w, rstd, addend], outputs: [dx] }, target) {
    const n = rows(x.shape);
    const dims = { rows: n, columns: last(x.shape) / 4, addend: addend ? 1 : 0 };
    // Without an addend its binding holds dy, unread.
    return [{ kernel: backward[target.class], dims, args: [dy, x, w, rstd, addend ?? dy, dx], grid: rowGrid(n, target) }];
  },
  onnx({ inputs: [dy, x, w, rstd, addend], outputs: [dx] }, to) {
    const r = to.reshape(to.of(rstd), [...x.shape.slice(0, -1), 1]);
    const g = to.add("Mul", [to.of(dy), to.of(w)]);
    const mean = to.reduce("ReduceMean", to.add("Mul", [g, to.of(x)]), -1);
    const along = to.add("Mul", [mean, to.add("Mul", [r, to.add("Mul", [r, r])])]);
    to.set(dx, to.plus(to.add("Sub", [to.add("Mul", [g, r]), to.add("Mul", [to.of(x), along])]), addend));
  },
  ref([dy, x, w, rstd, addend]) {
    const width = last(x.shape);
    const dx = nd(x.shape);
    for (let i = 0; i < rstd.data.length; i++) {
      const r = rstd.data[i];
      let dot = 0;
      for (let c = 0; c < width; c++) dot += dy.data[i * width + c] * w.data[c] * x.data[i * width + c];
      for (let c = 0; c < width; c++) {
        const at = i * width + c;
        dx.data[at] = r * (dy.data[at] * w.data[c] - (x.data[at] * r * r * dot) / width) + (addend ? addend.data[at] : 0);
      }
    }
    return [dx];
  },
});

/** dw = [dw +] Σ_rows dy · x · rstd: dy (…, C), x (…, C), rstd (rows) [, dw (C)] → (C). */
export const rmsNormBackwardWeightOp = defineOp<{ accumulate?: boolean }>({
  name: "rmsNorm.backward.weight",
  infer: ([, x]) => [spec([last(x.shape)])],
  inPlace: ({ accumulate }, inputs) => (accumulate ? [[0, inputs - 1]] : []),
  withAddend: (attrs, how) => (how === "inPlace" && !attrs.accumulate ? { ...attrs, accumulate: true } : null),
  lower({ inputs: [dy, x, rstd], outputs: [dw], attrs }) {
    const columns = last(x.shape) / 4;
    const dims = { rows: rows(x.shape), columns, accumulate: attrs.accumulate ? 1 : 0 };
    return [{ kernel: backwardWeight, dims, args: [dy, x, rstd, dw], grid: grid1d(columns, 16) }];
  },
  onnx({ inputs: [dy, x, rstd, before], outputs: [dw] }, to) {
    const terms = to.add("Mul", [to.add("Mul", [to.matrix(dy), to.matrix(x)]), to.reshape(to.of(rstd), [-1, 1])]);
    to.set(dw, to.plus(to.add("ReduceSum", [terms, to.i64([0])], { keepdims: 0 }), before));
  },
  ref([dy, x, rstd, before]) {
    const width = last(x.shape);
    const dw = nd([width], before?.data);
    for (let i = 0; i < rstd.data.length; i++) for (let c = 0; c < width; c++) dw.data[c] += dy.data[i * width + c] * x.data[i * width + c] * rstd.data[i];
    return [dw];
  },
});

/** x (…, C), w (C) → (…, C). */
export const rmsNorm = (x: Tensor, w: Tensor, eps: number): Tensor => rmsNormOp.apply([x, w], { eps })[0];
