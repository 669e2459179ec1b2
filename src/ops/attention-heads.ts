// attention-heads.ts — the packed layout of attention's operands and its attributes: one row of qkv holds H query heads, then G key heads, then G value heads, each D
// wide, as one linear makes them. Query head h reads kv head ⌊h / (H/G)⌋ (grouped-query attention, https://arxiv.org/abs/2305.13245).

import { ShapeError, type Spec, last, show } from "../engine/tensor.ts";

export interface Heads {
  /** H */
  readonly heads: number;
  /** G, a divisor of H */
  readonly kvHeads: number;
  /** D, a multiple of 4, at most 256 */
  readonly headSize: number;
}

/** Attributes of the attention ops. */
export interface AttentionAttrs extends Heads {
  /** Token t sees keys 0 … t only. */
  readonly causal: boolean;
  /** Factor of the scores; 1/√D unless given. */
  readonly scale?: number;
}

/** Columns of a packed row: (H + 2G)·D. */
export const packedWidth = ({ heads, kvHeads, headSize }: Heads): number => (heads + 2 * kvHeads) * headSize;

/** First columns of query head h and of its key and value heads. */
export function columns({ heads, kvHeads, headSize }: Heads, h: number): { q: number; k: number; v: number } {
  const g = Math.floor(h / (heads / kvHeads));
  return { q: h * headSize, k: (heads + g) * headSize, v: (heads + kvHeads + g) * headSize };
}

/** Throws ShapeError unless qkv is (B, T, (H + 2G)·D) in f32 with heads the kernels can run. */
export function checkPacked(qkv: Spec, attrs: Heads): void {
  const { heads, kvHeads, headSize } = attrs;
  if (headSize % 4 !== 0 || headSize < 4 || headSize > 256) throw new ShapeError(`head size ${headSize} must be a multiple of 4, at most 256`);
  if (!(kvHeads >= 1) || heads % kvHeads !== 0)
    throw new ShapeError(`${heads} query heads cannot share ${kvHeads} key-value heads: num_key_value_heads must divide num_attention_heads`);
  if (qkv.shape.length === 3 && qkv.dtype === "f32" && last(qkv.shape) === packedWidth(attrs)) return;
  throw new ShapeError(
    `qkv ${show(qkv)} must be (B, T, ${packedWidth(attrs)}): ${heads} query, ${kvHeads} key and ${kvHeads} value heads of ${headSize}. Are num_key_value_heads and head_dim right in config.json?`,
  );
}

/** Added to scores of keys that may not be seen, in lowerings that hold all scores: e to its power is 0. */
export const UNSEEN = -1e30;

export const scaleOf = ({ scale, headSize }: { scale?: number; headSize: number }): number => scale ?? 1 / Math.sqrt(headSize);
