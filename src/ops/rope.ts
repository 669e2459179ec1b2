// rope.ts — rotary position embedding (RoFormer, https://arxiv.org/abs/2104.09864) in Hugging Face's rotate_half order:
// y1 = x1·cos − x2·sin, y2 = x2·cos + x1·sin for the halves x1, x2 of every query and key head; values stay. In place.
// qkv (B, T, (H + 2G)·D), table (positions, D), position u32 (1)? → (B, T, (H + 2G)·D)

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, size } from "../engine/tensor.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import { type Heads, checkPacked, packedWidth } from "./attention-heads.ts";
import code from "./rope.wgsl?raw";

const fromPosition = kernel("rope", code);
const fromZero = kernel(
  "rope.from-zero",
  code
    .split("\n")
    .filter((line) => !line.includes("position: array"))
    .join("\n")
    .replace("position[0]", "0"),
);

export interface RopeAttrs extends Heads {
  /** Turns back: the transpose of the rotation. */
  readonly inverse?: boolean;
}

export const ropeOp = defineOp<RopeAttrs>({
  name: "rope",
  infer([qkv, table, position], attrs) {
    checkPacked(qkv, attrs);
    if (table.shape.length !== 2 || table.dtype !== "f32" || table.shape[1] !== attrs.headSize)
      throw new ShapeError(`table ${show(table)} must be (positions, ${attrs.headSize}), as ropeTable makes it for this head size`);
    if (table.shape[0] < qkv.shape[1])
      throw new ShapeError(`qkv ${show(qkv)} has ${qkv.shape[1]} tokens, the table ends at position ${table.shape[0] - 1}: shorten max_length`);
    if (position && show(position) !== "u32 (1)") throw new ShapeError(`position ${show(position)} must be u32 (1)`);
    return [qkv];
  },
  inPlace: () => [[0, 0]],
  // A rotation's transpose is its inverse.
  vjp: ([dy], { inputs, attrs }): readonly (Tensor | null)[] => [
    dy && ropeOp.apply([dy, ...inputs.slice(1)], { ...attrs, inverse: !attrs.inverse })[0],
    null,
    null,
  ],
  lower({ inputs: [, table, position], outputs: [y], attrs: { heads, kvHeads, headSize, inverse } }) {
    const [batch, tokens, width] = y.shape;
    const count = (batch * tokens * (heads + kvHeads) * headSize) / 4;
    return [
      {
        kernel: position ? fromPosition : fromZero,
        dims: { count, tokens, width: width / 2, heads: heads + kvHeads, pairs: headSize / 4, sign: inverse ? -1 : 1 },
        args: position ? [y, table, position] : [y, table],
        grid: grid1d(count, 64),
      },
    ];
  },
  onnx({ inputs: [qkv, table, position], outputs: [y], attrs }, to) {
    const { heads, kvHeads, headSize: D, inverse } = attrs;
    const start = to.once(`start ${position?.id}`, () => (position ? to.cast(to.of(position), "i64") : to.i64([0])));
    const sines = to.columns(table, D / 2, D / 2);
    const sin = inverse ? to.once(`turning back ${table.id}`, () => to.add("Neg", [sines])) : sines;
    const piece = (from: number, n: number, turns: boolean) => {
      const value = to.columns(qkv, from * D, n * D);
      const turned = (): Value => to.add("com.microsoft:RotaryEmbedding", [value, start, to.columns(table, 0, D / 2), sin], { interleaved: 0 });
      return { value: turns ? turned() : value, width: n * D };
    };
    to.setColumns(y, [piece(0, heads, true), piece(heads, kvHeads, true), piece(heads + kvHeads, kvHeads, false)]);
  },
  ref([qkv, table, position], attrs) {
    const { heads, kvHeads, headSize, inverse } = attrs;
    const width = packedWidth(attrs);
    const half = headSize / 2;
    const y = nd(qkv.shape, qkv.data);
    for (let row = 0; row < size(qkv.shape) / width; row++) {
      const t = (position ? position.data[0] : 0) + (row % qkv.shape[1]);
      if (t >= table.shape[0]) throw new Error(`rope: position ${t} is beyond the table's ${table.shape[0]} positions`);
      for (let head = 0; head < heads + kvHeads; head++) {
        for (let i = 0; i < half; i++) {
          const cos = table.data[t * headSize + i];
          const sin = table.data[t * headSize + half + i] * (inverse ? -1 : 1);
          const at = row * width + head * headSize + i;
          const [x1, x2] = [qkv.data[at], qkv.data[at + half]];
          y.data[at] = x1 * cos - x2 * sin;
          y.data[at + half] = x2 * cos + x1 * sin;
        }
      }
    }
    return [y];
  },
});

/** Rotates the query and key heads of qkv (B, T, (H + 2G)·D). Token t is at position t, or at positions[0] + t where `positions` u32 (1) is given. */
export function rope(qkv: Tensor, table: Tensor, { positions, ...attrs }: Heads & { positions?: Tensor }): Tensor {
  return ropeOp.apply(positions ? [qkv, table, positions] : [qkv, table], attrs)[0];
}

export type RopeScaling =
  | { readonly type: "linear"; readonly factor: number }
  | {
      readonly type: "llama3";
      readonly factor: number;
      readonly low_freq_factor: number;
      readonly high_freq_factor: number;
      readonly original_max_position_embeddings: number;
    };

export interface RopeConfig {
  /** Base of the wavelengths: rope_theta. */
  readonly theta: number;
  readonly headSize: number;
  readonly maxPositions: number;
  readonly scaling: RopeScaling | null;
}

/**
 * The table of rope, (maxPositions, headSize): cos in the first half of a row, sin in the last. Made on the host because WGSL's cos and sin are too
 * coarse. Frequencies and angles are rounded to f32 as transformers does: at long positions that is what a model's weights have seen.
 */
export function ropeTable({ theta, headSize, maxPositions, scaling }: RopeConfig): Float32Array {
  const half = headSize / 2;
  const table = new Float32Array(maxPositions * headSize);
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(scaled(Math.fround(1 / Math.fround(theta ** ((2 * i) / headSize))), scaling));
    for (let t = 0; t < maxPositions; t++) {
      const angle = Math.fround(t * frequency);
      table[t * headSize + i] = Math.cos(angle);
      table[t * headSize + half + i] = Math.sin(angle);
    }
  }
  return table;
}

/** transformers' modeling_rope_utils: _compute_linear_scaling_rope_parameters and _compute_llama3_parameters. */
function scaled(frequency: number, scaling: RopeScaling | null): number {
  if (!scaling) return frequency;
  if (scaling.type === "linear") return frequency / scaling.factor;
  const wavelength = (2 * Math.PI) / frequency;
  const context = scaling.original_max_position_embeddings;
  if (wavelength < context / scaling.high_freq_factor) return frequency;
  if (wavelength > context / scaling.low_freq_factor) return frequency / scaling.factor;
  const smooth = (context / wavelength - scaling.low_freq_factor) / (scaling.high_freq_factor - scaling.low_freq_factor);
  return ((1 - smooth) * frequency) / scaling.factor + smooth * frequency;
}
