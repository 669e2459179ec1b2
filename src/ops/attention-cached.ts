// attention-cached.ts — attention for generation, one new token per batch row: its key and value are appended to a cache, its queries see cache rows
// 0 … position. All batch rows share the position, which is read on the device: one plan serves every step. No gradients.
// qkv (B, 1, (H + 2G)·D), cacheK and cacheV (B, rows, G·D), position u32 (1) → out (B, 1, H·D). https://arxiv.org/abs/2305.13245

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { type NdArray, nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Spec, type Tensor, last, show, size, spec } from "../engine/tensor.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import { type Heads, UNSEEN, checkPacked, columns, scaleOf } from "./attention-heads.ts";
import appendCode from "./attention-cached.append.wgsl?raw";
import scoresCode from "./attention-cached.scores.wgsl?raw";
import code from "./attention-cached.wgsl?raw";

const appendKernel = kernel("attention-cached.append", appendCode);
const scoresKernel = kernel("attention-cached.scores", scoresCode);
const weightedSum = kernel("attention-cached", code);

export interface CachedAttrs extends Heads {
  /** Factor of the scores; 1/√D unless given. */
  readonly scale?: number;
}

function checkCache(qkv: Spec, cacheK: Spec, cacheV: Spec, position: Spec): void {
  if (qkv.shape.length !== 3 || qkv.shape[1] !== 1) throw new ShapeError(`qkv ${show(qkv)} must be (B, 1, (H + 2G)·D): one new token per row`);
  if (show(position) !== "u32 (1)") throw new ShapeError(`position ${show(position)} must be u32 (1): all rows of the batch share it`);
  if (cacheK.shape.length !== 3 || cacheK.dtype !== "f32" || show(cacheK) !== show(cacheV) || cacheK.shape[0] !== qkv.shape[0])
    throw new ShapeError(`caches ${show(cacheK)} and ${show(cacheV)} must both be (B, rows, G·D) with B = ${qkv.shape[0]}, as in qkv ${show(qkv)}`);
}

/** Position, checked: the kernels cannot report one that is past the cache. */
function rowAt(position: NdArray, cache: NdArray): number {
  const row = position.data[0];
  if (row >= cache.shape[1]) throw new Error(`position ${row} is past the cache's ${cache.shape[1]} rows: stop generating there`);
  return row;
}

export const cacheAppendOp = defineOp<Record<string, never>>({
  name: "cacheAppend",
  infer([cacheK, cacheV, qkv, position]) {
    checkCache(qkv, cacheK, cacheV, position);
    const width = last(cacheK.shape);
    if (width % 4 !== 0 || last(qkv.shape) <= 2 * width)
      throw new ShapeError(
        `qkv ${show(qkv)} does not end in the keys and values of cache ${show(cacheK)}: its width must be H·D + 2 · ${width}, in whole vec4s`,
      );
    return [cacheK, cacheV];
  },
  inPlace: () => [
    [0, 0],
    [1, 1],
  ],
  lower({ inputs: [, , qkv, position], outputs: [cacheK, cacheV] }) {
    const [batch, rows, width] = cacheK.shape;
    const count = (batch * width) / 4;
    const dims = { count, rows, width: last(qkv.shape) / 4, size: width / 4 };
    return [{ kernel: appendKernel, dims, args: [cacheK, cacheV, qkv, position], grid: grid1d(count, 64) }];
  },
  onnx({ inputs: [cacheK, cacheV, qkv, position], outputs }, to) {
    const [, rows, width] = cacheK.shape;
    const here = to.once(`cache row ${position.id} ${rows}`, () =>
      to.reshape(to.add("Equal", [to.range(rows), to.cast(to.of(position), "i32")]), [1, rows, 1]),
    );
    [cacheK, cacheV].forEach((cache, i) => {
      const fresh = to.columns(qkv, last(qkv.shape) - (2 - i) * width, width);
      to.set(outputs[i], to.add("Where", [here, fresh, to.of(cache)]));
    });
  },
  ref([cacheK, cacheV, qkv, position]) {
    const [batch, rows, width] = cacheK.shape;
    const [k, v] = [nd(cacheK.shape, cacheK.data), nd(cacheV.shape, cacheV.data)];
    for (let b = 0; b < batch; b++) {
      for (let i = 0; i < width; i++) {
        const to = (b * rows + rowAt(position, cacheK)) * width + i;
        const from = (b + 1) * last(qkv.shape) - 2 * width + i;
        k.data[to] = qkv.data[from];
        v.data[to] = qkv.data[from + width];
      }
    }
    return [k, v];
  },
});

export const attentionCachedOp = defineOp<CachedAttrs>({
  name: "attentionCached",
  infer([qkv, cacheK, cacheV, position], attrs) {
    checkPacked(qkv, attrs);
    checkCache(qkv, cacheK, cacheV, position);
    const { heads, kvHeads, headSize } = attrs;
    if (last(cacheK.shape) !== kvHeads * headSize)
      throw new ShapeError(`cache ${show(cacheK)} must be ${kvHeads * headSize} wide: ${kvHeads} heads of ${headSize}`);
    const [batch, rows] = cacheK.shape;
    return [spec([batch, 1, heads * headSize]), spec([batch, heads, rows])];
  },
  lower({ inputs: [qkv, cacheK, cacheV, position], outputs: [out, scores], attrs }) {
    const { heads, kvHeads, headSize } = attrs;
    const dims = { rows: cacheK.shape[1], heads, sharing: heads / kvHeads, size: headSize / 4 };
    const [pairs, count] = [size(scores.shape), size(out.shape) / 4];
    return [
      {
        kernel: scoresKernel,
        dims: { ...dims, count: pairs, width: last(qkv.shape) / 4, scale: scaleOf(attrs) },
        args: [qkv, cacheK, position, scores],
        grid: grid1d(pairs, 64),
        flops: 2 * pairs * headSize,
      },
      { kernel: weightedSum, dims: { ...dims, count }, args: [scores, cacheV, position, out], grid: grid1d(count, 64), flops: 2 * pairs * headSize },
    ];
  },
  onnx({ inputs: [qkv, cacheK, cacheV, position], outputs: [out, scores], attrs }, to) {
    const { heads, kvHeads: G, headSize: D } = attrs;
    const [batch, rows] = cacheK.shape;
    const q = to.reshape(to.columns(qkv, 0, heads * D), [batch, G, heads / G, D]);
    const perHead = (cache: Tensor): Value => to.transpose(to.reshape(to.of(cache), [batch, rows, G, D]), [0, 2, 1, 3]);
    const products = to.add("com.microsoft:FusedMatMul", [q, perHead(cacheK)], { transB: 1, alpha: { float: scaleOf(attrs) } }); // (B, G, H/G, rows)
    const unseen = to.once(`cache rows from ${position.id} ${rows}`, () =>
      to.add("Where", [to.add("LessOrEqual", [to.range(rows), to.cast(to.of(position), "i32")]), to.f32(0), to.f32(UNSEEN)]),
    );
    const p = to.add("Softmax", [to.add("Add", [products, unseen])]);
    to.set(out, to.reshape(to.add("MatMul", [p, perHead(cacheV)]), out.shape));
    to.set(scores, to.reshape(products, scores.shape));
  },
  ref([qkv, cacheK, cacheV, position], attrs) {
    const { heads, kvHeads, headSize } = attrs;
    const [batch, rows, width] = cacheK.shape;
    const seen = rowAt(position, cacheK) + 1;
    const out = nd([batch, 1, heads * headSize]);
    const scores = nd([batch, heads, rows]);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        const q = b * last(qkv.shape) + columns(attrs, h).q;
        const head = Math.floor(h / (heads / kvHeads)) * headSize;
        const s = new Float64Array(seen);
        for (let j = 0; j < seen; j++) {
          for (let d = 0; d < headSize; d++) s[j] += qkv.data[q + d] * cacheK.data[(b * rows + j) * width + head + d] * scaleOf(attrs);
        }
        scores.data.set(s, (b * heads + h) * rows);
        const max = s.reduce((a, v) => Math.max(a, v), -Infinity);
        const sum = s.reduce((total, v) => total + Math.exp(v - max), 0);
        for (let j = 0; j < seen; j++) {
          const p = Math.exp(s[j] - max) / sum;
          for (let d = 0; d < headSize; d++) out.data[(b * heads + h) * headSize + d] += p * cacheV.data[(b * rows + j) * width + head + d];
        }
      }
    }
    return [out, scores];
  },
});

/** Writes the keys and values of qkv (B, 1, (H + 2G)·D) into row position[0] of the caches (B, rows, G·D), for good. Returns the caches to read from then on. */
export function cacheAppend(cacheK: Tensor, cacheV: Tensor, qkv: Tensor, position: Tensor): [cacheK: Tensor, cacheV: Tensor] {
  const [k, v] = cacheAppendOp.apply([cacheK, cacheV, qkv, position], {});
  return [k, v];
}

/** Queries of qkv (B, 1, (H + 2G)·D) over rows 0 … position[0] of the caches, as cacheAppend returned them → (B, 1, H·D). */
export const attentionCached = (qkv: Tensor, cacheK: Tensor, cacheV: Tensor, position: Tensor, attrs: CachedAttrs): Tensor =>
  attentionCachedOp.apply([qkv, cacheK, cacheV, position], attrs)[0];
