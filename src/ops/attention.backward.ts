// attention.backward.ts — P = exp(scale·Q Kᵀ − lse), dV = Pᵀ dO, dS = P ∘ (dO Vᵀ − Δ), dQ = scale·dS K, dK = scale·dSᵀ Q with Δ = rowsum(dO ∘ O).
// dout (B, T, H·D), out (B, T, H·D), lse (B, H, T), qkv (B, T, (H + 2G)·D), mask i32 (B, T) → dqkv (B, T, (H + 2G)·D), Δ (B, H, T; scratch).
// Three launches: Δ, the query columns, the key and value columns. P is made again from lse in both. https://arxiv.org/abs/2205.14135

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import type { Dispatch } from "../engine/op.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, spec } from "../engine/tensor.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import { type AttentionAttrs, checkPacked, columns, packedWidth, scaleOf } from "./attention-heads.ts";
import { attentionWeights, perKvHead, perQueryHead, scaledQueries, seesAny } from "./attention-onnx.ts";
import { tile } from "./attention-tile.ts";
import deltaCode from "./attention.backward.delta.wgsl?raw";
import keyValueCode from "./attention.backward.key-value.wgsl?raw";
import queryCode from "./attention.backward.query.wgsl?raw";

const deltaKernel = kernel("attention.backward.delta", deltaCode);

export const attentionBackwardOp = defineOp<AttentionAttrs>({
  name: "attention.backward",
  infer([dout, out, lse, qkv, mask], attrs) {
    checkPacked(qkv, attrs);
    const [batch, tokens] = qkv.shape;
    const expected = [spec([batch, tokens, attrs.heads * attrs.headSize]), spec([batch, attrs.heads, tokens]), spec([batch, tokens], "i32")].map(show);
    if (show(dout) !== expected[0] || show(out) !== expected[0] || show(lse) !== expected[1] || show(mask) !== expected[2])
      throw new ShapeError(
        `dout ${show(dout)}, out ${show(out)}, lse ${show(lse)}, mask ${show(mask)} must be ${expected[0]} twice, ${expected[1]} and ${expected[2]} for qkv ${show(qkv)}`,
      );
    return [qkv, lse];
  },
  lower({ inputs: [dout, out, lse, qkv, mask], outputs: [dqkv, delta], attrs }, target): Dispatch[] {
    const { heads, kvHeads, headSize, causal } = attrs;
    const [batch, tokens] = qkv.shape;
    const count = batch * heads * tokens;
    const dims = { tokens, heads, kvHeads, causal: Number(causal), scale: scaleOf(attrs) };
    const args = [dout, lse, delta, qkv, mask, dqkv];
    const product = (2 * count * tokens * headSize) / (causal ? 2 : 1);
    const query = tile("attention.backward.query", queryCode, headSize, 3, target);
    const queries = batch * heads * Math.ceil(tokens / query.rows);
    const keyValue = tile("attention.backward.key-value", keyValueCode, headSize, 4, target);
    const keys = batch * kvHeads * Math.ceil(tokens / keyValue.rows);
    return [
      { kernel: deltaKernel, dims: { count, tokens, heads, size: headSize / 4 }, args: [dout, out, delta], grid: grid1d(count, 64) },
      { kernel: query.kernel, dims: { ...dims, count: queries }, args, grid: grid1d(queries, 32), flops: 3 * product },
      { kernel: keyValue.kernel, dims: { ...dims, count: keys }, args, grid: grid1d(keys, 32), flops: 4 * product },
    ];
  },
  onnx({ inputs: [dout, out, , qkv, mask], outputs: [dqkv, delta], attrs }, to) {
    const [batch, tokens] = qkv.shape;
    const { heads, kvHeads: G, headSize: D } = attrs;
    const product = (a: Value, b: Value, transposed: { transA?: number; transB?: number } = {}, alpha = 1): Value =>
      to.add("com.microsoft:FusedMatMul", [a, b], { ...transposed, alpha: { float: alpha } });
    const dO = to.add("Mul", [to.of(dout), seesAny(mask, tokens, attrs, to)]);
    const perHead = (rows: Value): Value => perQueryHead(rows, qkv.shape, attrs, to);
    const sums = to.reduce("ReduceSum", to.reshape(to.add("Mul", [dO, to.of(out)]), [batch, tokens, G, heads / G, D]), -1);
    const Δ = to.reshape(to.transpose(to.reshape(sums, [batch, tokens, G, heads / G]), [0, 2, 3, 1]), [batch, G, (heads / G) * tokens, 1]);
    const p = attentionWeights(qkv, mask, attrs, "backward", to);
    const dOHeads = perHead(dO);
    const dP = product(dOHeads, perKvHead(qkv, "v", attrs, "backward", to), { transB: 1 });
    const dS = to.add("Mul", [p, to.add("Sub", [dP, Δ])]); // (B, G, H/G · T, T)
    const dQ = product(dS, perKvHead(qkv, "k", attrs, "backward", to), {}, scaleOf(attrs));
    const keyValue = (d: Value): Value => to.reshape(to.transpose(d, [0, 2, 1, 3]), [batch, tokens, G * D]);
    const queries = to.reshape(to.transpose(to.reshape(dQ, [batch, G, heads / G, tokens, D]), [0, 3, 1, 2, 4]), [batch, tokens, heads * D]);
    to.setColumns(dqkv, [
      { value: queries, width: heads * D },
      { value: keyValue(product(dS, scaledQueries(qkv, attrs, "backward", to), { transA: 1 })), width: G * D },
      { value: keyValue(product(p, dOHeads, { transA: 1 })), width: G * D },
    ]);
    to.set(delta, to.reshape(Δ, delta.shape));
  },
  ref([dout, out, lse, qkv, mask], attrs) {
    const { heads, headSize, causal } = attrs;
    const [batch, tokens] = qkv.shape;
    const width = packedWidth(attrs);
    const scale = scaleOf(attrs);
    const dqkv = nd(qkv.shape);
    const delta = nd(lse.shape);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        const at = columns(attrs, h);
        for (let t = 0; t < tokens; t++) {
          const stat = (b * heads + h) * tokens + t;
          const o = ((b * tokens + t) * heads + h) * headSize;
          const q = (b * tokens + t) * width + at.q;
          for (let d = 0; d < headSize; d++) delta.data[stat] += dout.data[o + d] * out.data[o + d];
          for (let j = 0; j < tokens; j++) {
            if (mask.data[b * tokens + j] === 0 || (causal && j > t)) continue;
            const k = (b * tokens + j) * width + at.k;
            const v = (b * tokens + j) * width + at.v;
            let score = 0;
            let dp = 0;
            for (let d = 0; d < headSize; d++) {
              score += qkv.data[q + d] * qkv.data[k + d];
              dp += dout.data[o + d] * qkv.data[v + d];
            }
            const p = Math.exp(score * scale - lse.data[stat]);
            const ds = p * (dp - delta.data[stat]);
            for (let d = 0; d < headSize; d++) {
              dqkv.data[q + d] += scale * ds * qkv.data[k + d];
              dqkv.data[k + d] += scale * ds * qkv.data[q + d];
              dqkv.data[v + d] += p * dout.data[o + d];
            }
          }
        }
      }
    }
    return [dqkv, delta];
  },
});

/** Cotangent of qkv (B, T, (H + 2G)·D) from that of attention's output (B, T, H·D). A row that sees no key gives zeros. */
export const attentionBackward = (dout: Tensor, out: Tensor, lse: Tensor, qkv: Tensor, mask: Tensor, attrs: AttentionAttrs): Tensor =>
  attentionBackwardOp.apply([dout, out, lse, qkv, mask], attrs)[0];
