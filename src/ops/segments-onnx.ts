// segments-onnx.ts — the segment table (segments.ts) as ONNX values: whole numbers as they are, floats made of their bits.

import type { Tensor } from "../engine/tensor.ts";
import type { OnnxBuilder } from "../engine/wasm/onnx-builder.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import { SEGMENT_WORDS } from "./segments.ts";

/** Columns of a table u32 (S, 8): each i32 (S), active as 0 or 1; lrScale and weightDecay f32 (S). */
export function segmentColumns(
  table: Tensor,
  count: number,
  to: OnnxBuilder,
): Record<"offset" | "length" | "active" | "step" | "lrScale" | "weightDecay", Value> {
  const column = (word: number): Value =>
    to.once(`segment word ${table.id} ${word}`, () => to.reshape(to.slice(to.reshape(to.of(table), [count, SEGMENT_WORDS]), 1, word, word + 1), [count]));
  const int = (word: number): Value => to.cast(column(word), "i32");
  return {
    offset: int(0),
    length: int(1),
    active: to.add("Min", [int(2), to.i32(1)]),
    step: int(3),
    lrScale: floatOf(column(4), to),
    weightDecay: floatOf(column(5), to),
  };
}

/** IEEE 754: (1 + mantissa / 2²³) · 2^(exponent − 127) of bits that are not negative; denormals are 0. */
function floatOf(bits: Value, to: OnnxBuilder): Value {
  const exponent = to.cast(to.cast(to.add("BitShift", [bits, to.u32([23])], { direction: "RIGHT" }), "i32"), "f32");
  const mantissa = to.cast(to.cast(to.add("BitwiseAnd", [bits, to.u32([0x7fffff])]), "i32"), "f32");
  const power = to.add("Pow", [to.f32([2]), to.add("Sub", [exponent, to.f32([127])])]);
  const value = to.add("Mul", [to.add("Add", [to.add("Mul", [mantissa, to.f32([2 ** -23])]), to.f32([1])]), power]);
  return to.add("Where", [to.add("Greater", [exponent, to.f32([0])]), value, to.f32([0])]);
}
