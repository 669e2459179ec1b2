// positions.ts — rows of a table of learned positions, one per token, as ids for an embedding. Counted over the mask, so that padding on either side
// shifts nothing (as transformers' OPT does it), or one position for the whole batch (a step of generation). No gradients: ids are whole numbers.
// mask i32 (B, T) → ids i32 (B, T); position u32 (1) → ids i32 (B, 1). `offset` rows of the table come before position 0.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { ndInt } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, spec } from "../engine/tensor.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import sharedCode from "./positions.shared.wgsl?raw";
import code from "./positions.wgsl?raw";

const counted = kernel("positions", code);
const shared = kernel("positions.shared", sharedCode);

export interface PositionsAttrs {
  readonly offset: number;
  /** B, where all rows share one position; the input is then that position. */
  readonly rows?: number;
}

export const positionsOp = defineOp<PositionsAttrs>({
  name: "positions",
  infer([from], { rows }) {
    if (rows !== undefined && show(from) !== "u32 (1)") throw new ShapeError(`position ${show(from)} must be u32 (1): all rows of the batch share it`);
    if (rows === undefined && (from.dtype !== "i32" || from.shape.length !== 2)) throw new ShapeError(`mask ${show(from)} must be i32 (B, T)`);
    return [spec(rows === undefined ? from.shape : [rows, 1], "i32")];
  },
  lower({ inputs: [from], outputs: [ids], attrs: { offset, rows } }) {
    if (rows !== undefined) return [{ kernel: shared, dims: { rows, offset }, args: [from, ids], grid: grid1d(rows, 16) }];
    const [B, T] = from.shape;
    return [{ kernel: counted, dims: { rows: B, tokens: T, offset }, args: [from, ids], grid: grid1d(B, 16) }];
  },
  onnx({ inputs: [from], outputs: [ids], attrs: { offset, rows } }, to) {
    const plus = (v: Value, n: number): Value => to.add("Add", [v, to.i32(n)]);
    if (rows !== undefined) return to.set(ids, to.add("Expand", [plus(to.cast(to.of(from), "i32"), offset), to.i64([rows, 1])]));
    const real = to.add("Not", [to.add("Equal", [to.of(from), to.i32(0)])]);
    const count = to.add("CumSum", [to.cast(real, "i32"), to.i32(1)]);
    to.set(ids, to.add("Where", [real, plus(count, offset - 1), to.i32(Math.max(offset - 1, 0))]));
  },
  ref([from], { offset, rows }) {
    if (rows !== undefined) return [ndInt([rows, 1], new Int32Array(rows).fill(from.data[0] + offset))];
    const T = from.shape[1];
    let next = offset;
    return [
      ndInt(
        from.shape,
        Int32Array.from(from.data as Int32Array, (counts, i) => {
          if (i % T === 0) next = offset;
          return counts ? next++ : Math.max(offset - 1, 0);
        }),
      ),
    ];
  },
});

/** Counted over the mask: i32 (B, T) → i32 (B, T). */
export const maskPositions = (mask: Tensor, offset: number): Tensor => positionsOp.apply([mask], { offset })[0];
/** The same for all of B rows: u32 (1) → i32 (B, 1). */
export const sharedPositions = (position: Tensor, rows: number, offset: number): Tensor => positionsOp.apply([position], { offset, rows })[0];
