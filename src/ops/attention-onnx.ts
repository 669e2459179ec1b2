// attention-onnx.ts — attention's parts as ONNX nodes. Scores are held whole, (B, G, H/G · T, T): the query heads that share a kv head are rows of one
// product, so that grouped queries need no copies of keys and the sums of their gradients come by themselves.

import { type Tensor, size } from "../engine/tensor.ts";
import type { OnnxBuilder } from "../engine/wasm/onnx-builder.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import { type AttentionAttrs, type Heads, UNSEEN, scaleOf } from "./attention-heads.ts";

/** Attention weights of at most so many elements (4 MB) are kept from forward to backward; larger ones are made again. */
const KEPT_ELEMENTS = 1 << 20;

/** Queries, keys and values apart are made in each pass by itself: cheaper than to keep them. */
export type Pass = "forward" | "backward";

/** (B, T, H·D) → (B, G, H/G · T, D). */
export function perQueryHead(rows: Value, [batch, tokens]: readonly number[], { heads, kvHeads: G, headSize: D }: Heads, to: OnnxBuilder): Value {
  const apart = to.reshape(rows, [batch, tokens, G, heads / G, D]);
  return to.reshape(to.transpose(apart, [0, 2, 3, 1, 4]), [batch, G, (heads / G) * tokens, D]);
}

/** Queries of packed rows, times the scale of the scores: (B, G, H/G · T, D). */
export const scaledQueries = (qkv: Tensor, attrs: AttentionAttrs, pass: Pass, to: OnnxBuilder): Value =>
  to.once(`queries ${qkv.id} ${pass}`, () => {
    const q = to.columns(qkv, 0, attrs.heads * attrs.headSize);
    return perQueryHead(to.add("Mul", [q, to.f32(scaleOf(attrs))]), qkv.shape, attrs, to);
  });

/** Keys or values of packed rows: (B, G, T, D). */
export const perKvHead = (qkv: Tensor, which: "k" | "v", { heads, kvHeads: G, headSize: D }: Heads, pass: Pass, to: OnnxBuilder): Value =>
  to.once(`${which} ${qkv.id} ${pass}`, () => {
    const [batch, tokens] = qkv.shape;
    const columns = to.columns(qkv, (heads + (which === "v" ? G : 0)) * D, G * D);
    return to.transpose(to.reshape(columns, [batch, tokens, G, D]), [0, 2, 1, 3]);
  });

/** Whether token t sees key j: bool (B, 1, T, T). */
const seen = (mask: Tensor, tokens: number, { causal }: AttentionAttrs, to: OnnxBuilder): Value =>
  to.once(`seen ${mask.id} ${causal}`, () => {
    const real = to.add("Not", [to.add("Equal", [to.reshape(to.of(mask), [mask.shape[0], 1, 1, tokens]), to.i32(0)])]);
    const [queries, keys] = [to.reshape(to.range(tokens), [tokens, 1]), to.reshape(to.range(tokens), [1, tokens])];
    const every = to.add("Equal", [queries, queries]); // (T, 1), true
    return to.add("And", [real, causal ? to.add("LessOrEqual", [keys, queries]) : every]);
  });

/** 1 where a token sees any key, else 0: (B, T, 1). */
export const seesAny = (mask: Tensor, tokens: number, attrs: AttentionAttrs, to: OnnxBuilder): Value =>
  to.once(`sees any ${mask.id} ${attrs.causal}`, () =>
    to.reshape(to.add("ReduceMax", [to.cast(seen(mask, tokens, attrs, to), "f32"), to.i64([-1])]), [mask.shape[0], tokens, 1]),
  );

/** scale·Q Kᵀ with UNSEEN added where nothing may be seen: (B, G, H/G, T, T). */
export function attentionScores(qkv: Tensor, mask: Tensor, attrs: AttentionAttrs, pass: Pass, to: OnnxBuilder): Value {
  const [batch, tokens] = qkv.shape;
  const unseen = to.once(`unseen ${mask.id} ${attrs.causal}`, () =>
    to.reshape(to.add("Where", [seen(mask, tokens, attrs, to), to.f32(0), to.f32(UNSEEN)]), [batch, 1, 1, tokens, tokens]),
  );
  const products = to.add("com.microsoft:FusedMatMul", [scaledQueries(qkv, attrs, pass, to), perKvHead(qkv, "k", attrs, pass, to)], { transB: 1 });
  return to.add("Add", [to.reshape(products, [batch, attrs.kvHeads, attrs.heads / attrs.kvHeads, tokens, tokens]), unseen]);
}

/** softmax of the scores: (B, G, H/G · T, T). Rows that see nothing hold anything: their results are multiplied by seesAny. */
export function attentionWeights(qkv: Tensor, mask: Tensor, attrs: AttentionAttrs, pass: Pass, to: OnnxBuilder): Value {
  const [batch, tokens] = qkv.shape;
  const { heads, kvHeads: G } = attrs;
  const make = (): Value => to.reshape(to.add("Softmax", [attentionScores(qkv, mask, attrs, pass, to)]), [batch, G, (heads / G) * tokens, tokens]);
  return size([batch, heads, tokens, tokens]) <= KEPT_ELEMENTS ? to.once(`weights ${qkv.id} ${mask.id}`, make) : make();
}
