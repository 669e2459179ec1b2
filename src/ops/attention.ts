// attention.ts — O = softmax(scale·Q Kᵀ + mask) V per head, with keys and values shared by groups of heads; T×T is never stored. Backward: attention.backward.ts.
// qkv (B, T, (H + 2G)·D), mask i32 (B, T): 1 = this key may be seen → out (B, T, H·D), lse (B, H, T) = log Σ exp of a row's scores.
// FlashAttention https://arxiv.org/abs/2205.14135, grouped queries https://arxiv.org/abs/2305.13245

import { defineOp } from "../engine/graph.ts";
import { grid1d } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, spec } from "../engine/tensor.ts";
import { attentionBackward } from "./attention.backward.ts";
import { type AttentionAttrs, checkPacked, columns, packedWidth, scaleOf } from "./attention-heads.ts";
import { attentionScores, attentionWeights, perKvHead, seesAny } from "./attention-onnx.ts";
import { tile } from "./attention-tile.ts";
import code from "./attention.wgsl?raw";

export const attentionOp = defineOp<AttentionAttrs>({
  name: "attention",
  infer([qkv, mask], attrs) {
    checkPacked(qkv, attrs);
    const [batch, tokens] = qkv.shape;
    if (show(mask) !== `i32 (${batch}, ${tokens})`)
      throw new ShapeError(`mask ${show(mask)} must be i32 (${batch}, ${tokens}): one number per token of qkv ${show(qkv)}`);
    return [spec([batch, tokens, attrs.heads * attrs.headSize]), spec([batch, attrs.heads, tokens])];
  },
  vjp([dout, dlse], { inputs: [qkv, mask], outputs: [out, lse], attrs }) {
    if (dlse) throw new Error("attention: the log-sum-exp has no gradient rule; use the first output alone");
    return [dout && attentionBackward(dout, out, lse, qkv, mask, attrs), null];
  },
  lower({ inputs: [qkv, mask], outputs: [out, lse], attrs }, target) {
    const { heads, kvHeads, headSize, causal } = attrs;
    const [batch, tokens] = qkv.shape;
    const { kernel, rows } = tile("attention", code, headSize, 2, target);
    const count = batch * heads * Math.ceil(tokens / rows);
    return [
      {
        kernel,
        dims: { count, tokens, heads, kvHeads, causal: Number(causal), scale: scaleOf(attrs) },
        args: [qkv, mask, out, lse],
        grid: grid1d(count, 32),
        flops: (4 * batch * heads * tokens * tokens * headSize) / (causal ? 2 : 1),
      },
    ];
  },
  onnx({ inputs: [qkv, mask], outputs: [out, lse], attrs }, to) {
    const [batch, tokens] = qkv.shape;
    const { heads, kvHeads: G, headSize: D } = attrs;
    const p = attentionWeights(qkv, mask, attrs, "forward", to);
    const mixed = to.add("MatMul", [p, perKvHead(qkv, "v", attrs, "forward", to)]); // (B, G, H/G · T, D)
    const rows = to.reshape(to.transpose(to.reshape(mixed, [batch, G, heads / G, tokens, D]), [0, 3, 1, 2, 4]), out.shape);
    to.set(out, to.add("Mul", [rows, seesAny(mask, tokens, attrs, to)]));
    const sums = to.reshape(to.add("ReduceLogSumExp", [attentionScores(qkv, mask, attrs, "forward", to), to.i64([-1])], { keepdims: 0 }), lse.shape);
    to.set(lse, to.add("Mul", [sums, to.reshape(seesAny(mask, tokens, attrs, to), [batch, 1, tokens])]));
  },
  ref([qkv, mask], attrs) {
    const { heads, headSize, causal } = attrs;
    const [batch, tokens] = qkv.shape;
    const width = packedWidth(attrs);
    const out = nd([batch, tokens, heads * headSize]);
    const lse = nd([batch, heads, tokens]);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        const at = columns(attrs, h);
        for (let t = 0; t < tokens; t++) {
          const q = (b * tokens + t) * width + at.q;
          const seen: { row: number; score: number }[] = [];
          for (let j = 0; j < tokens; j++) {
            if (mask.data[b * tokens + j] === 0 || (causal && j > t)) continue;
            const row = (b * tokens + j) * width;
            let score = 0;
            for (let d = 0; d < headSize; d++) score += qkv.data[q + d] * qkv.data[row + at.k + d];
            seen.push({ row, score: score * scaleOf(attrs) });
          }
          if (seen.length === 0) continue;
          const max = Math.max(...seen.map((s) => s.score));
          const sum = seen.reduce((total, s) => total + Math.exp(s.score - max), 0);
          lse.data[(b * heads + h) * tokens + t] = max + Math.log(sum);
          for (const { row, score } of seen) {
            const p = Math.exp(score - max) / sum;
            for (let d = 0; d < headSize; d++) out.data[((b * tokens + t) * heads + h) * headSize + d] += p * qkv.data[row + at.v + d];
          }
        }
      }
    }
    return [out, lse];
  },
});

/** qkv (B, T, (H + 2G)·D), mask i32 (B, T) → (B, T, H·D). A row that sees no key gives zeros. */
export const attention = (qkv: Tensor, mask: Tensor, attrs: AttentionAttrs): Tensor => attentionOp.apply([qkv, mask], attrs)[0];
