// adamw.ts — one AdamW step over the flat buffers, for any number of tensors: clip, decoupled decay, moments, update; the gradient is 0 afterwards.
// Order and places of eps as in torch.optim.AdamW and torch.nn.utils.clip_grad_norm_. Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101
// p, g, m, v (N), segments u32 (S, 8), scalars (8) = [learningRate, beta1, beta2, eps, maxNorm (0: no clipping), gradScale, 0, 0], norm (2) of gradNorms.
// All five are updated in place. The step count of each segment is its own; a second launch advances it, once all invocations have read it.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd, ndUint } from "../engine/reference/nd-array.ts";
import type { Dispatch } from "../engine/op.ts";
import { ShapeError, type Tensor, show, size } from "../engine/tensor.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import stepCode from "./adamw.step.wgsl?raw";
import code from "./adamw.wgsl?raw";
import { checkFlat } from "./clip.ts";
import { segmentColumns } from "./segments-onnx.ts";
import { SEGMENT_WORDS, decodeSegments } from "./segments.ts";

const update = kernel("adamw", code);
const advance = kernel("adamw.step", stepCode);

export const adamwOp = defineOp<{ count: number }>({
  name: "adamw",
  infer([p, g, m, v, segments, scalars, norm], { count }) {
    for (const t of [p, g, m, v]) {
      checkFlat(t, segments, count);
      if (show(t) !== show(p)) throw new ShapeError(`flat buffers differ: parameters ${show(p)}, gradients ${show(g)}, moments ${show(m)} and ${show(v)}`);
    }
    if (size(scalars.shape) !== 8)
      throw new ShapeError(`scalars are ${show(scalars)}; (8) = [learningRate, beta1, beta2, eps, maxNorm, gradScale, 0, 0] is needed`);
    if (size(norm.shape) !== 2) throw new ShapeError(`norm is ${show(norm)}; (2) is needed, the total of gradNorms`);
    return [p, g, m, v, segments];
  },
  inPlace: () => [0, 1, 2, 3, 4].map((i) => [i, i] as const),
  lower({ inputs: [, , , , , scalars, norm], outputs: [p, g, m, v, segments], attrs: { count } }): Dispatch[] {
    const vectors = size(p.shape) / 4;
    return [
      { kernel: update, dims: { count: vectors, segments: count }, args: [p, g, m, v, segments, scalars, norm], grid: grid1d(vectors, 64) },
      { kernel: advance, dims: { segments: count }, args: [segments], grid: grid1d(count, 64) },
    ];
  },
  onnx({ inputs: [p, g, m, v, segments, scalars, norm], outputs, attrs: { count } }, to) {
    const N = size(p.shape);
    const [mul, add, sub, div] = ["Mul", "Add", "Sub", "Div"].map((op) => (x: Value, y: Value) => to.add(op, [x, y])); // prettier-ignore
    const scalar = (i: number): Value => to.part(scalars, i, [1]);
    const [learningRate, beta1, beta2, eps, maxNorm, gradScale] = [0, 1, 2, 3, 4, 5].map(scalar);
    const one = to.f32([1]);
    const bound = div(maxNorm, add(mul(to.slice(to.of(norm), 0, 0, 1), gradScale), to.f32([1e-6])));
    const clip = to.add("Where", [to.add("Greater", [maxNorm, to.f32([0])]), to.add("Min", [bound, one]), one]);

    // Per segment (S): 1 − βᵗ in f64, which cancels.
    const table = segmentColumns(segments, count, to);
    const advanced = add(table.step, table.active);
    const power = to.cast(add(table.step, to.i32([1])), "f64");
    const correction = (beta: Value): Value => to.cast(sub(to.cast(one, "f64"), to.add("Pow", [to.cast(beta, "f64"), power])), "f32");
    const rate = mul(learningRate, table.lrScale);
    const end = mul(add(table.offset, table.length), table.active); // nothing lies before 0: inactive
    // Per element: how many segments start at or before it; a row 0 before the table is for none.
    const starts = to.add("ScatterElements", [to.add("Expand", [to.i32(0), to.i64([N])]), table.offset, to.add("Expand", [to.i32([1]), to.i64([count])])], { axis: 0, reduction: "add" }); // prettier-ignore
    const segment = to.add("CumSum", [starts, to.i32(0)]);
    const spread = (perSegment: Value, none: Value): Value => to.add("GatherElements", [to.concat([none, perSegment], 0), segment], { axis: 0 });
    const inside = to.add("Less", [to.range(N), spread(end, to.i32([0]))]);
    const kept = (fresh: Value, old: Tensor): Value => to.add("Where", [inside, fresh, to.of(old)]);

    const d = mul(to.of(g), mul(gradScale, clip));
    const first = add(mul(beta1, to.of(m)), mul(sub(one, beta1), d));
    const second = add(mul(beta2, to.of(v)), mul(mul(sub(one, beta2), d), d));
    const root = mul(to.add("Sqrt", [second]), spread(div(one, to.add("Sqrt", [correction(beta2)])), one));
    const step = div(mul(first, spread(div(rate, correction(beta1)), one)), add(root, eps));
    const decay = mul(spread(mul(rate, table.weightDecay), one), to.of(p));
    to.set(outputs[0], kept(sub(sub(to.of(p), decay), step), p));
    to.set(outputs[1], to.add("Expand", [to.f32(0), to.i64([N])]));
    to.set(outputs[2], kept(first, m));
    to.set(outputs[3], kept(second, v));
    const words = to.reshape(to.of(segments), [count, SEGMENT_WORDS]);
    const next = to.cast(to.reshape(advanced, [count, 1]), "u32");
    to.set(outputs[4], to.reshape(to.concat([to.slice(words, 1, 0, 3), next, to.slice(words, 1, 4, SEGMENT_WORDS)], 1), segments.shape));
  },
  ref([p, g, m, v, segments, scalars, norm]) {
    const [learningRate, beta1, beta2, eps, maxNorm, gradScale] = scalars.data;
    const clip = maxNorm > 0 ? Math.min(1, maxNorm / (norm.data[0] * gradScale + 1e-6)) : 1;
    const out = [nd(p.shape, p.data), nd(g.shape), nd(m.shape, m.data), nd(v.shape, v.data)];
    const [P, , M, V] = out.map((a) => a.data);
    const table = ndUint(segments.shape, segments.data);
    decodeSegments(segments.data).forEach((s, i) => {
      if (!s.active) return;
      const t = s.step + 1;
      const rate = learningRate * s.lrScale;
      for (let e = s.offset; e < s.offset + s.length; e++) {
        const grad = g.data[e] * gradScale * clip;
        M[e] = beta1 * M[e] + (1 - beta1) * grad;
        V[e] = beta2 * V[e] + (1 - beta2) * grad * grad;
        P[e] -= rate * s.weightDecay * P[e];
        P[e] -= (rate * (M[e] / (1 - beta1 ** t))) / (Math.sqrt(V[e] / (1 - beta2 ** t)) + eps);
      }
      table.data[i * SEGMENT_WORDS + 3] = t;
    });
    return [...out, table];
  },
});

export interface Flat {
  /** Parameters, gradients, first and second moments: (N) each. */
  readonly p: Tensor;
  readonly g: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
  /** u32 (S, 8): segments.ts. */
  readonly segments: Tensor;
}

/** Updates the five leaves in place and returns their new values. scalars (8), norm (2): see above. */
export function adamw(flat: Flat, scalars: Tensor, norm: Tensor): Flat {
  const { p, g, m, v, segments } = flat;
  const out = adamwOp.apply([p, g, m, v, segments, scalars, norm], { count: segments.shape[0] });
  return { p: out[0], g: out[1], m: out[2], v: out[3], segments: out[4] };
}
