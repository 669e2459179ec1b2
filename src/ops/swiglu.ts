// swiglu.ts — y = silu(g) · u, silu(g) = g·σ(g), of packed columns [g | u]. Shazeer 2020, https://arxiv.org/abs/2002.05202
// gateUp (…, 2F): gate columns first, then up → y (…, F). The backward gives the packed gradient, so that one matmul serves both.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, last, rows, show, spec } from "../engine/tensor.ts";
import backwardCode from "./swiglu.backward.wgsl?raw";
import code from "./swiglu.wgsl?raw";

const forward = kernel("swiglu", code);
const backward = kernel("swiglu.backward", backwardCode);
const sigmoid = (g: number): number => 1 / (1 + Math.exp(-g));

export const swigluOp = defineOp<object>({
  name: "swiglu",
  infer([gateUp]) {
    const packed = last(gateUp.shape);
    if (packed % 8)
      throw new ShapeError(`gate and up ${show(gateUp)}: ${packed} columns are not two halves of whole vec4s; the MLP width must be a multiple of 4`);
    return [spec([...gateUp.shape.slice(0, -1), packed / 2])];
  },
  vjp: ([dy], { inputs: [gateUp] }) => [dy && swigluBackwardOp.apply([dy, gateUp], {})[0]],
  lower({ inputs: [gateUp], outputs: [y] }) {
    const columns = last(y.shape) / 4;
    const count = rows(y.shape) * columns;
    return [{ kernel: forward, dims: { count, columns }, args: [gateUp, y], grid: grid1d(count, 64) }];
  },
  onnx({ inputs: [gateUp], outputs: [y] }, to) {
    const F = last(y.shape);
    const silu = to.add("com.microsoft:QuickGelu", [to.columns(gateUp, 0, F)], { alpha: { float: 1 } });
    to.set(y, to.add("Mul", [silu, to.columns(gateUp, F, F)]));
  },
  ref([gateUp]) {
    const width = last(gateUp.shape) / 2;
    const y = nd([...gateUp.shape.slice(0, -1), width]);
    for (let i = 0; i < y.data.length; i++) {
      const at = Math.floor(i / width) * 2 * width + (i % width);
      const g = gateUp.data[at];
      y.data[i] = g * sigmoid(g) * gateUp.data[at + width];
    }
    return [y];
  },
});

/** dg = dy·u·σ(g)·(1 + g·(1 − σ(g))), du = dy·silu(g): dy (…, F), gateUp (…, 2F) → (…, 2F). */
export const swigluBackwardOp = defineOp<object>({
  name: "swiglu.backward",
  infer: ([, gateUp]) => [gateUp],
  lower({ inputs: [dy, gateUp], outputs: [d] }) {
    const columns = last(dy.shape) / 4;
    const count = rows(dy.shape) * columns;
    return [{ kernel: backward, dims: { count, columns }, args: [dy, gateUp, d], grid: grid1d(count, 64) }];
  },
  onnx({ inputs: [dy, gateUp], outputs: [d] }, to) {
    const F = last(dy.shape);
    const [g, u] = [to.columns(gateUp, 0, F), to.columns(gateUp, F, F)];
    const s = to.add("Sigmoid", [g]);
    const silu = to.add("Mul", [g, s]);
    const slope = to.add("Add", [s, to.add("Mul", [silu, to.add("Sub", [to.f32(1), s])])]); // σ(g)·(1 + g·(1 − σ(g)))
    to.setColumns(d, [
      { value: to.add("Mul", [to.add("Mul", [to.of(dy), u]), slope]), width: F },
      { value: to.add("Mul", [to.of(dy), silu]), width: F },
    ]);
  },
  ref([dy, gateUp]) {
    const width = last(dy.shape);
    const d = nd(gateUp.shape);
    for (let i = 0; i < dy.data.length; i++) {
      const at = Math.floor(i / width) * 2 * width + (i % width);
      const g = gateUp.data[at];
      const s = sigmoid(g);
      d.data[at] = dy.data[i] * gateUp.data[at + width] * s * (1 + g * (1 - s));
      d.data[at + width] = dy.data[i] * g * s;
    }
    return [d];
  },
});

/** gateUp (…, 2F) → (…, F). */
export const swiglu = (gateUp: Tensor): Tensor => swigluOp.apply([gateUp], {})[0];
