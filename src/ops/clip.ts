// clip.ts — gradient norms over the one flat gradient buffer: g (N), segments u32 (S, 8) → squares (S) = Σ g² per segment (0 for inactive ones),
// total (2) = [√(Σ of all squares), 0]. adamw reads the total and clips with it. Two launches for any number of tensors; deterministic.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { type Spec, ShapeError, type Tensor, show, size, spec } from "../engine/tensor.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import partialsCode from "./clip.partials.wgsl?raw";
import totalCode from "./clip.total.wgsl?raw";
import totalTreeCode from "./clip.total.tree.wgsl?raw";
import { segmentColumns } from "./segments-onnx.ts";
import { SEGMENT_WORDS, decodeSegments } from "./segments.ts";

const partialSums = kernel("clip.partials", partialsCode);
const totals = { cpu: kernel("clip.total", totalCode), gpu: kernel("clip.total.tree", totalTreeCode) };

/** Throws ShapeError unless `flat` is one row of whole vec4s and `segments` a table of `count` rows. */
export function checkFlat(flat: Spec, segments: Spec, count: number): void {
  if (flat.shape.length !== 1 || flat.shape[0] % 4) throw new ShapeError(`flat buffer ${show(flat)}: it must be one row of whole vec4s`);
  if (segments.dtype !== "u32" || count < 1 || size(segments.shape) !== count * SEGMENT_WORDS)
    throw new ShapeError(`segment table ${show(segments)}: ${count} segments make u32 (${count}, ${SEGMENT_WORDS}), and there is at least one`);
}

/** Partial sums per segment, a multiple of 4: about 32 vec4s each for a segment of average length. */
export const partials = (elements: number, count: number): number => Math.min(1024, Math.max(4, 4 * Math.ceil(elements / 512 / count)));

export const gradNormsOp = defineOp<{ count: number }>({
  name: "gradNorms",
  infer([g, segments], { count }) {
    checkFlat(g, segments, count);
    return [spec([count]), spec([2]), spec([count, partials(size(g.shape), count)])];
  },
  lower({ inputs: [g, segments], outputs: [squares, total, scratch], attrs: { count } }, target) {
    const dims = { segments: count, partials: size(scratch.shape) / count };
    return [
      { kernel: partialSums, dims, args: [g, segments, scratch], grid: grid1d(size(scratch.shape), 64) },
      { kernel: totals[target.class], dims, args: [scratch, squares, total], grid: [1, 1, 1] },
    ];
  },
  onnx({ inputs: [g, segments], outputs: [squares, total], attrs: { count } }, to) {
    // Sums up to each element in f64: a segment's own is a difference of two of them.
    const sums = to.add("CumSum", [to.cast(to.add("Mul", [to.of(g), to.of(g)]), "f64"), to.i32(0)]);
    const before = (end: Value): Value => {
      const sum = to.add("Gather", [sums, to.add("Max", [to.add("Sub", [end, to.i32(1)]), to.i32(0)])]);
      return to.add("Mul", [sum, to.cast(to.add("Greater", [end, to.i32(0)]), "f64")]);
    };
    const { offset, length, active } = segmentColumns(segments, count, to);
    const differences = to.add("Sub", [before(to.add("Add", [offset, length])), before(offset)]);
    const counted = to.add("Mul", [differences, to.cast(active, "f64")]);
    to.set(squares, to.cast(counted, "f32"));
    const norm = to.cast(to.add("Sqrt", [to.add("ReduceSum", [counted])]), "f32");
    to.set(total, to.concat([norm, to.f32([0])], 0));
  },
  ref([g, segments], { count }) {
    const squares = new Float64Array(count);
    decodeSegments(segments.data).forEach((s, i) => {
      for (let e = s.offset; s.active && e < s.offset + s.length; e++) squares[i] += g.data[e] ** 2;
    });
    const norm = Math.sqrt(squares.reduce((a, b) => a + b, 0));
    return [nd([count], squares), nd([2], [norm, 0]), nd([count, partials(g.data.length, count)])];
  },
});

/** g (N), segments u32 (S, 8) → squares (S), total (2) = [norm over the active segments, 0]. */
export function gradNorms(g: Tensor, segments: Tensor): { squares: Tensor; total: Tensor } {
  const [squares, total] = gradNormsOp.apply([g, segments], { count: segments.shape[0] });
  return { squares, total };
}
