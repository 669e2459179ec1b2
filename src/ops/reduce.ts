// reduce.ts — sum: x (…) → (1), deterministic: partial sums in a fixed order, then their sum. broadcast, its gradient: s (1) → (…).

import { ONE } from "../engine/grad.ts";
import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { type Shape, ShapeError, type Tensor, show, size, spec } from "../engine/tensor.ts";
import { fill } from "./fill.ts";
import broadcastCode from "./reduce.broadcast.wgsl?raw";
import { reshape } from "./reshape.ts";
import treeCode from "./reduce.tree.wgsl?raw";
import code from "./reduce.wgsl?raw";

const sums = { cpu: kernel("sum", code), gpu: kernel("sum.tree", treeCode) };
const spread = kernel("broadcast", broadcastCode);

/** Partial sums of the first of two stages; 1: one stage is enough. */
const partials = (elements: number): number => Math.min(256, Math.ceil(elements / 4096));

export const sumOp = defineOp<object>({
  name: "sum",
  infer([x]) {
    if (x.dtype !== "f32") throw new ShapeError(`sum of ${show(x)}: only f32 is summed`);
    const parts = partials(size(x.shape));
    return parts > 1 ? [spec([1]), spec([parts])] : [spec([1])];
  },
  vjp: ([dy], { inputs: [x] }) => [dy && broadcast(dy, x.shape)],
  lower({ inputs: [x], outputs: [y, scratch] }, target) {
    const stage = (from: Tensor, to: Tensor, parts: number) => ({
      kernel: sums[target.class],
      dims: { elements: size(from.shape), partials: parts },
      args: [from, to],
      grid: grid1d(parts, target.class === "cpu" ? 16 : 1),
    });
    return scratch ? [stage(x, scratch, size(scratch.shape)), stage(scratch, y, 1)] : [stage(x, y, 1)];
  },
  onnx: ({ inputs: [x], outputs: [y] }, to) => to.set(y, to.add("ReduceSum", [to.reshape(to.of(x), [-1])])),
  ref([x]) {
    let total = 0;
    for (const v of x.data) total += v;
    const parts = partials(x.data.length);
    return parts > 1 ? [nd([1], [total]), nd([parts])] : [nd([1], [total])];
  },
});

export const broadcastOp = defineOp<{ shape: Shape }>({
  name: "broadcast",
  infer([s], { shape }) {
    if (size(s.shape) !== 1) throw new ShapeError(`${show(s)} is spread over (${shape.join(", ")}); it must hold one element`);
    return [spec(shape)];
  },
  vjp: ([dy], { inputs: [s] }) => [dy && reshape(sum(dy), s.shape)],
  lower({ inputs: [s], outputs: [y] }) {
    const count = Math.ceil(size(y.shape) / 4);
    return [{ kernel: spread, dims: { count }, args: [s, y], grid: grid1d(count, 64) }];
  },
  onnx: ({ inputs: [s], outputs: [y] }, to) => to.set(y, to.add("Expand", [to.reshape(to.of(s), []), to.i64(y.shape)])),
  ref: ([s], { shape }) => [nd(shape, new Float64Array(size(shape)).fill(s.data[0]))],
});

/** x (…) → (1). */
export const sum = (x: Tensor): Tensor => sumOp.apply([x], {})[0];
/** s (1) → shape. The constant 1 that a gradient starts with becomes a fill. */
export const broadcast = (s: Tensor, shape: Shape): Tensor => (s === ONE ? fill(shape, 1) : broadcastOp.apply([s], { shape })[0]);
