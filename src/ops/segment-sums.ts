// segment-sums.ts — sums[s] = Σ f(p, g) over the elements of segment s of the flat buffers, f from a table: what scores over gradients are made of.
// p (N), g (N), segments u32 (S, 8) → sums (S), whether a segment is active or not. Two launches for any number of tensors; deterministic.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, size, spec } from "../engine/tensor.ts";
import type { OnnxBuilder } from "../engine/wasm/onnx-builder.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import { checkFlat, partials } from "./clip.ts";
import { segmentColumns } from "./segments-onnx.ts";
import { decodeSegments } from "./segments.ts";
import partialsCode from "./segment-sums.partials.wgsl?raw";
import code from "./segment-sums.wgsl?raw";

interface Expression {
  /** Of p, g: vec4f. */
  readonly wgsl: string;
  readonly onnx: (p: Value, g: Value, to: OnnxBuilder) => Value;
  readonly f: (p: number, g: number) => number;
}

export const expressions = {
  "g²": { wgsl: "g * g", onnx: (_, g, to) => to.add("Mul", [g, g]), f: (_, g) => g * g },
  "|p·g|": { wgsl: "abs(p * g)", onnx: (p, g, to) => to.add("Abs", [to.add("Mul", [p, g])]), f: (p, g) => Math.abs(p * g) },
  "p²": { wgsl: "p * p", onnx: (p, _, to) => to.add("Mul", [p, p]), f: (p) => p * p },
} satisfies Record<string, Expression>;

export type SegmentExpression = keyof typeof expressions;

const table: Record<SegmentExpression, Expression> = expressions;
const kernels = Object.fromEntries(
  Object.entries(table).map(([name, e]) => [name, kernel(`segment-sums.partials ${name}`, partialsCode.replace("EXPRESSION", e.wgsl))]),
);
const totals = kernel("segment-sums", code);

export const segmentSumsOp = defineOp<{ count: number; of: SegmentExpression }>({
  name: "segmentSums",
  infer([p, g, segments], { count }) {
    checkFlat(g, segments, count);
    if (show(p) !== show(g)) throw new ShapeError(`flat buffers differ: parameters ${show(p)}, gradients ${show(g)}`);
    return [spec([count]), spec([count, partials(size(g.shape), count)])];
  },
  lower({ inputs: [p, g, segments], outputs: [sums, scratch], attrs: { count, of } }) {
    const dims = { segments: count, partials: size(scratch.shape) / count };
    return [
      { kernel: kernels[of], dims, args: [p, g, segments, scratch], grid: grid1d(size(scratch.shape), 64) },
      { kernel: totals, dims, args: [scratch, sums], grid: grid1d(count, 16) },
    ];
  },
  onnx({ inputs: [p, g, segments], outputs: [sums], attrs: { count, of } }, to) {
    // Sums up to each element in f64: a segment's own is a difference of two of them.
    const upTo = to.add("CumSum", [to.cast(table[of].onnx(to.of(p), to.of(g), to), "f64"), to.i32(0)]);
    const before = (end: Value): Value => {
      const sum = to.add("Gather", [upTo, to.add("Max", [to.add("Sub", [end, to.i32(1)]), to.i32(0)])]);
      return to.add("Mul", [sum, to.cast(to.add("Greater", [end, to.i32(0)]), "f64")]);
    };
    const { offset, length } = segmentColumns(segments, count, to);
    to.set(sums, to.cast(to.add("Sub", [before(to.add("Add", [offset, length])), before(offset)]), "f32"));
  },
  ref([p, g, segments], { count, of }) {
    const sums = new Float64Array(count);
    decodeSegments(segments.data).forEach((s, i) => {
      for (let e = s.offset; e < s.offset + s.length; e++) sums[i] += table[of].f(p.data[e], g.data[e]);
    });
    return [nd([count], sums), nd([count, partials(g.data.length, count)])];
  },
});

/** p (N), g (N), segments u32 (S, 8) → sums (S). */
export const segmentSums = (p: Tensor, g: Tensor, segments: Tensor, of: SegmentExpression): Tensor =>
  segmentSumsOp.apply([p, g, segments], { count: segments.shape[0], of })[0];
