// column-sum.ts — y[n] = Σ_m x[m, n]: the gradient of a bias. x (…, N) → (N).

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, last, rows, show, spec } from "../engine/tensor.ts";
import code from "./column-sum.wgsl?raw";

const columnSumKernel = kernel("column-sum", code);

export const columnSumOp = defineOp<{ addend?: "inPlace" }>({
  name: "columnSum",
  infer([x]) {
    if (last(x.shape) % 4) throw new ShapeError(`columns must be a multiple of 4, got ${show(x)}`);
    return [spec([last(x.shape)])];
  },
  inPlace: ({ addend }, inputs) => (addend ? [[0, inputs - 1]] : []),
  withAddend: (attrs, how) => (how === "inPlace" && !attrs.addend ? { addend: how } : null),
  lower({ inputs: [x], outputs: [y], attrs }) {
    const columns = last(x.shape) / 4;
    return [{ kernel: columnSumKernel, dims: { rows: rows(x.shape), columns, accumulate: attrs.addend ? 1 : 0 }, args: [x, y], grid: grid1d(columns, 64) }];
  },
  onnx({ inputs: [x, addend], outputs: [y] }, to) {
    to.set(y, to.plus(to.add("ReduceSum", [to.matrix(x), to.i64([0])], { keepdims: 0 }), addend));
  },
  ref([x, addend]) {
    const N = last(x.shape);
    const y = nd([N], addend?.data);
    x.data.forEach((v, i) => void (y.data[i % N] += v));
    return [y];
  },
});

/** x (…, N) → (N). */
export const columnSum = (x: Tensor): Tensor => columnSumOp.apply([x], {})[0];
