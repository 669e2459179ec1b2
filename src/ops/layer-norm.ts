// layer-norm.ts — y = (x − mean) · rstd · w + b, rstd = 1/√(var + eps) per row. Ba et al. 2016, https://arxiv.org/abs/1607.06450
// x (…, C), w (C), b (C) → y (…, C), stats (rows, 2): mean, rstd. Sums in f32. db is the column sum of dy.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, last, rows, show, spec } from "../engine/tensor.ts";
import { columnSum } from "./column-sum.ts";
import backwardWeightCode from "./layer-norm.backward.weight.wgsl?raw";
import backwardCode from "./layer-norm.backward.wgsl?raw";
import code from "./layer-norm.wgsl?raw";
import { rowGrid, rowKernel } from "./row-kernel.ts";

const forward = rowKernel("layer-norm", code);
const backward = rowKernel("layer-norm.backward", backwardCode);
const backwardWeight = kernel("layer-norm.backward.weight", backwardWeightCode);

export const layerNormOp = defineOp<{ eps: number }>({
  name: "layerNorm",
  infer([x, w, b]) {
    const width = last(x.shape);
    for (const [name, t] of Object.entries({ weight: w, bias: b }))
      if (show(t) !== show(spec([width])))
        throw new ShapeError(`x ${show(x)} has ${width} features, the ${name} is ${show(t)}. Is hidden_size right in config.json?`);
    if (width % 4) throw new ShapeError(`x ${show(x)}: rows of ${width} are no whole vec4s; the width must be a multiple of 4`);
    return [x, spec([rows(x.shape), 2])];
  },
  vjp([dy, dstats], { inputs: [x, w], outputs: [, stats] }, needs) {
    if (dstats) throw new Error("mean and rstd are saved for the backward pass; they have no gradient rule");
    if (!dy) return [];
    return [
      needs[0] ? layerNormBackwardOp.apply([dy, x, w, stats], {})[0] : null,
      needs[1] ? layerNormBackwardWeightOp.apply([dy, x, stats], {})[0] : null,
      needs[2] ? columnSum(dy) : null,
    ];
  },
  lower({ inputs: [x, w, b], outputs: [y, stats], attrs: { eps } }, target) {
    const n = rows(x.shape);
    return [{ kernel: forward[target.class], dims: { rows: n, columns: last(x.shape) / 4, eps }, args: [x, w, b, y, stats], grid: rowGrid(n, target) }];
  },
  onnx({ inputs: [x, w, b], outputs: [y, stats], attrs: { eps } }, to) {
    const [normal, mean, rstd] = to.addAll("LayerNormalization", [to.of(x), to.of(w), to.of(b)], 3, { axis: -1, epsilon: { float: eps } });
    to.set(y, normal);
    to.setColumns(stats, [mean, rstd].map((value) => ({ value: to.reshape(value, [rows(x.shape), 1]), width: 1 }))); // prettier-ignore
  },
  ref([x, w, b], { eps }) {
    const width = last(x.shape);
    const n = rows(x.shape);
    const [y, stats] = [nd(x.shape), nd([n, 2])];
    for (let i = 0; i < n; i++) {
      const row = Array.from(x.data.subarray(i * width, (i + 1) * width));
      const mean = row.reduce((sum, v) => sum + v, 0) / width;
      const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / width;
      const rstd = 1 / Math.sqrt(variance + eps);
      stats.data.set([mean, rstd], 2 * i);
      for (let c = 0; c < width; c++) y.data[i * width + c] = (row[c] - mean) * rstd * w.data[c] + b.data[c];
    }
    return [y, stats];
  },
});

/** dx = rstd · (g − mean(g) − x̂ · mean(g·x̂)) [+ addend], g = dy·w: dy (…, C), x (…, C), w (C), stats (rows, 2) → (…, C). */
export const layerNormBackwardOp = defineOp<{ addend?: boolean }>({
  name: "layerNorm.backward",
  infer: ([, x]) => [x],
  withAddend: (attrs, how) => (how === "read" && !attrs.addend ? { ...attrs, addend: true } : null),
  lower({ inputs: [dy, x, w, stats, addend], outputs: [dx] }, target) {
    const n = rows(x.shape);
    const dims = { rows: n, columns: last(x.shape) / 4, addend: addend ? 1 : 0 };
    // Without an addend its binding holds dy, unread.
    return [{ kernel: backward[target.class], dims, args: [dy, x, w, stats, addend ?? dy, dx], grid: rowGrid(n, target) }];
  },
  onnx({ inputs: [dy, x, w, stats, addend], outputs: [dx] }, to) {
    const rstd = to.columns(stats, 1, 1);
    const normal = to.add("Mul", [to.add("Sub", [to.matrix(x), to.columns(stats, 0, 1)]), rstd]);
    const g = to.add("Mul", [to.matrix(dy), to.of(w)]);
    const along = to.add("Mul", [normal, to.reduce("ReduceMean", to.add("Mul", [g, normal]), -1)]);
    const apart = to.add("Sub", [to.add("Sub", [g, to.reduce("ReduceMean", g, -1)]), along]);
    to.set(dx, to.plus(to.reshape(to.add("Mul", [rstd, apart]), x.shape), addend));
  },
  ref([dy, x, w, stats, addend]) {
    const width = last(x.shape);
    const dx = nd(x.shape);
    for (let i = 0; i < rows(x.shape); i++) {
      const [mean, rstd] = stats.data.subarray(2 * i, 2 * i + 2);
      const xHat = (c: number): number => (x.data[i * width + c] - mean) * rstd;
      const g = (c: number): number => dy.data[i * width + c] * w.data[c];
      let [sum, products] = [0, 0];
      for (let c = 0; c < width; c++) {
        sum += g(c);
        products += g(c) * xHat(c);
      }
      for (let c = 0; c < width; c++)
        dx.data[i * width + c] = rstd * (g(c) - sum / width - (xHat(c) * products) / width) + (addend ? addend.data[i * width + c] : 0);
    }
    return [dx];
  },
});

/** dw = [dw +] Σ_rows dy · (x − mean) · rstd: dy (…, C), x (…, C), stats (rows, 2) [, dw (C)] → (C). */
export const layerNormBackwardWeightOp = defineOp<{ accumulate?: boolean }>({
  name: "layerNorm.backward.weight",
  infer: ([, x]) => [spec([last(x.shape)])],
  inPlace: ({ accumulate }, inputs) => (accumulate ? [[0, inputs - 1]] : []),
  withAddend: (attrs, how) => (how === "inPlace" && !attrs.accumulate ? { ...attrs, accumulate: true } : null),
  lower({ inputs: [dy, x, stats], outputs: [dw], attrs }) {
    const columns = last(x.shape) / 4;
    const dims = { rows: rows(x.shape), columns, accumulate: attrs.accumulate ? 1 : 0 };
    return [{ kernel: backwardWeight, dims, args: [dy, x, stats, dw], grid: grid1d(columns, 16) }];
  },
  onnx({ inputs: [dy, x, stats, before], outputs: [dw] }, to) {
    const normal = to.add("Mul", [to.add("Sub", [to.matrix(x), to.columns(stats, 0, 1)]), to.columns(stats, 1, 1)]);
    to.set(dw, to.plus(to.add("ReduceSum", [to.add("Mul", [to.matrix(dy), normal]), to.i64([0])], { keepdims: 0 }), before));
  },
  ref([dy, x, stats, before]) {
    const width = last(x.shape);
    const dw = nd([width], before?.data);
    dy.data.forEach((d, at) => {
      const i = Math.floor(at / width);
      dw.data[at % width] += d * (x.data[at] - stats.data[2 * i]) * stats.data[2 * i + 1];
    });
    return [dw];
  },
});

/** x (…, C), w (C), b (C) → (…, C). */
export const layerNorm = (x: Tensor, w: Tensor, b: Tensor, eps: number): Tensor => layerNormOp.apply([x, w, b], { eps })[0];
