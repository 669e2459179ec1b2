// cross-entropy.ts — the language-model head and its loss in one op, with the gradient made on the way forward.
//
//   x (…, C), W (V, C), labels i32 (…) with −100 = not counted, denominator (1) → loss (1) = Σ −log softmax(x Wᵀ)[label] / denominator
//
// Logits are made for a chunk of rows at a time and turned into their own gradient in place, so that (rows, V) is never held whole
// (Liger-Kernel's fused linear cross entropy). Also per row: losses (nats, undivided; 0 where not counted) and correct (1 where the arg max is the label).

import { ONE } from "../engine/grad.ts";
import { defineOp } from "../engine/graph.ts";
import { kernel } from "../engine/kernel.ts";
import type { Dispatch } from "../engine/op.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Spec, type Tensor, last, pad4, rows, show, spec } from "../engine/tensor.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import rowCode from "./cross-entropy.wgsl?raw";
import sumCode from "./cross-entropy.sum.wgsl?raw";
import { scaleBy } from "./elementwise.ts";
import { type MatmulAttrs, matmulDispatch, matmulOp } from "./matmul.ts";

export const IGNORED = -100;

/** Logits of a chunk take at most so many elements (16 MB), as long as that leaves eight rows. */
const CHUNK_ELEMENTS = 4 << 20;

const rowKernel = kernel("cross-entropy", rowCode);
/** losses (rows), denominator (1) → Σ losses / denominator (1). */
export const sumKernel = kernel("cross-entropy.sum", sumCode);

interface CrossEntropyAttrs {
  /** Make dx in the forward pass. */
  dx: boolean;
  dW: boolean;
  /** Most elements of a chunk's logits. */
  chunk: number;
}

const chunkRows = (M: number, V: number, chunk: number): number => Math.max(Math.min(8, M), Math.min(M, Math.floor(chunk / pad4(V))));

/** Products over rows [from, from + count) of x: logits, dx and dW. */
function products(x: Spec, W: Spec, from: number, count: number): { logits: MatmulAttrs; dx: MatmulAttrs; dW: MatmulAttrs } {
  const [V, C] = W.shape;
  const Vp = pad4(V);
  return {
    logits: { form: "nt", shape: [count, Vp], problems: [{ M: count, N: Vp, K: C, a: from * C, lda: C, b: 0, ldb: C, c: 0, ldc: Vp }] },
    dx: { form: "nn", shape: x.shape, problems: [{ M: count, N: C, K: Vp, a: 0, lda: Vp, b: 0, ldb: C, c: from * C, ldc: C }] },
    dW: { form: "tn", shape: W.shape, problems: [{ M: V, N: C, K: count, a: 0, lda: Vp, b: from * C, ldb: C, c: 0, ldc: C }] },
  };
}

export const crossEntropyOp = defineOp<CrossEntropyAttrs>({
  name: "crossEntropy",
  infer([x, W, labels, denominator], { dx, dW, chunk }) {
    const M = rows(x.shape);
    if (last(x.shape) !== W.shape[1]) throw new ShapeError(`hidden states ${show(x)} do not fit the head ${show(W)}. Is lm_head.weight from this model?`);
    if (show(labels) !== show({ shape: x.shape.slice(0, -1), dtype: "i32" })) throw new ShapeError(`labels ${show(labels)} for hidden states ${show(x)}`);
    if (show(denominator) !== "(1)") throw new ShapeError(`denominator must be (1), got ${show(denominator)}`);
    // Outputs 3…5: dx, dW, logits of a chunk. Those that are not asked for shrink to nothing.
    return [spec([1]), spec([M]), spec([M]), spec(dx ? x.shape : [4]), spec(dW ? W.shape : [4]), spec([chunkRows(M, W.shape[0], chunk), pad4(W.shape[0])])];
  },
  vjp([dy], { outputs }, needs) {
    if (!dy) return [];
    const scaled = (t: Tensor): Tensor => (dy === ONE ? t : scaleBy(t, dy));
    return [needs[0] ? scaled(outputs[3]) : null, needs[1] ? scaled(outputs[4]) : null];
  },
  lower({ inputs: [x, W, labels, denominator], outputs: [loss, losses, correct, dx, dW, logits], attrs }) {
    const M = rows(x.shape);
    const [chunk, Vp] = logits.shape;
    const out: Dispatch[] = [];
    for (let from = 0; from < M; from += chunk) {
      const count = Math.min(chunk, M - from);
      const is = products(x, W, from, count);
      out.push(matmulDispatch(is.logits, [x, W], logits));
      const dims = { rows: count, first: from, V: W.shape[0], Vp, gradient: attrs.dx || attrs.dW ? 1 : 0 };
      out.push({ kernel: rowKernel, dims, args: [logits, labels, denominator, losses, correct], grid: [Math.ceil(count / 8), 1, 1] });
      if (attrs.dx) out.push(matmulDispatch(is.dx, [logits, W], dx));
      if (attrs.dW) out.push(matmulDispatch(is.dW, [logits, x], dW, from > 0));
    }
    return [...out, { kernel: sumKernel, dims: { rows: M }, args: [losses, denominator, loss], grid: [1, 1, 1] }];
  },
  onnx({ inputs: [x, W, labels, denominator], outputs: [loss, losses, correct, dx, dW], attrs }, to) {
    const M = rows(x.shape);
    const flat = to.reshape(to.of(labels), [M]);
    const counted = to.add("GreaterOrEqual", [flat, to.i32(0)]);
    // Only rows with a label meet the head: n of them, which no shape knows.
    const pick = (v: Value): Value => to.add("Compress", [v, counted], { axis: 0 });
    const at = pick(to.cast(to.range(M), "i64")); // (n)
    const label = pick(flat);
    const labelColumn = to.reshape(label, [-1, 1]);
    const hidden = pick(to.matrix(x)); // (n, C)
    const logits = to.add("Gemm", [hidden, to.of(W)], { transB: 1 }); // (n, V)
    const p = to.add("Softmax", [logits]);
    // log Σ exp = largest logit − log of its probability: no second (n, V) of logarithms.
    const most = (v: Value): Value => to.reduce("ReduceMax", v, 1);
    const logSum = to.add("Sub", [most(logits), to.add("Log", [most(p)])]);
    const own = to.reshape(to.add("Sub", [logSum, to.add("GatherElements", [logits, labelColumn], { axis: 1 })]), [-1]); // (n)
    const spread = (v: Value): Value => to.add("ScatterElements", [to.zeros([M]), at, v], { axis: 0 });
    const first = to.cast(to.add("ArgMax", [logits], { axis: 1, keepdims: 0 }), "i32");
    to.set(losses, spread(own));
    to.set(correct, spread(to.cast(to.add("Equal", [first, label]), "f32")));
    to.set(loss, to.add("Div", [to.reduce("ReduceSum", own, 0), to.of(denominator)]));

    const over = (v: Value): Value => to.add("Div", [v, to.of(denominator)]);
    if (attrs.dx) {
      const d = over(to.add("Sub", [to.add("MatMul", [p, to.of(W)]), to.add("Gather", [to.of(W), label])]));
      to.set(dx, to.reshape(to.add("ScatterND", [to.zeros([M, last(x.shape)]), to.reshape(at, [-1, 1]), d]), x.shape));
    }
    if (attrs.dW) {
      const everywhere = to.add("Expand", [labelColumn, to.i64([1, last(x.shape)])]); // (n, C)
      const products = to.add("Gemm", [p, hidden], { transA: 1 });
      to.set(dW, over(to.add("ScatterElements", [products, everywhere, to.add("Neg", [hidden])], { axis: 0, reduction: "add" })));
    }
  },
  ref([x, W, labels, denominator], attrs) {
    const [V, C] = W.shape;
    const M = rows(x.shape);
    const [losses, correct] = [nd([M]), nd([M])];
    const dx = nd(attrs.dx ? x.shape : [4]);
    const dW = nd(attrs.dW ? W.shape : [4]);
    let sum = 0;
    for (let m = 0; m < M; m++) {
      const label = labels.data[m];
      if (label < 0) continue;
      const logits = Float64Array.from({ length: V }, (_, v) => {
        let dot = 0;
        for (let c = 0; c < C; c++) dot += x.data[m * C + c] * W.data[v * C + c];
        return dot;
      });
      const most = logits.reduce((a, b) => Math.max(a, b));
      const Z = logits.reduce((s, l) => s + Math.exp(l - most), 0);
      losses.data[m] = most + Math.log(Z) - logits[label];
      correct.data[m] = logits.indexOf(most) === label ? 1 : 0;
      sum += losses.data[m];
      for (let v = 0; v < V; v++) {
        const d = (Math.exp(logits[v] - most) / Z - (v === label ? 1 : 0)) / denominator.data[0];
        for (let c = 0; c < C; c++) {
          if (attrs.dx) dx.data[m * C + c] += d * W.data[v * C + c];
          if (attrs.dW) dW.data[v * C + c] += d * x.data[m * C + c];
        }
      }
    }
    return [nd([1], [sum / denominator.data[0]]), losses, correct, dx, dW, nd([chunkRows(M, V, attrs.chunk), pad4(V)])];
  },
});

export interface CrossEntropy {
  /** (1): mean over counted labels, when the denominator is their number. */
  loss: Tensor;
  /** (rows), nats per token. */
  losses: Tensor;
  /** (rows), 1 where the arg max is the label; 0 elsewhere and where nothing is counted. */
  correct: Tensor;
}

/** x (…, C), W (V, C), labels i32 (…), denominator (1). gradient: which inputs will be differentiated. */
export function crossEntropy(
  x: Tensor,
  W: Tensor,
  labels: Tensor,
  denominator: Tensor,
  gradient: { x: boolean; W: boolean },
  chunk = CHUNK_ELEMENTS,
): CrossEntropy {
  const [loss, losses, correct] = crossEntropyOp.apply([x, W, labels, denominator], { dx: gradient.x, dW: gradient.W, chunk });
  return { loss, losses, correct };
}

/** x (M, C), W (V, C) → (M, V rounded up to a multiple of 4). For generation and for looking; training never holds these. */
export function logits(x: Tensor, W: Tensor): Tensor {
  const M = rows(x.shape);
  const attrs = products(x, W, 0, M).logits;
  return matmulOp.apply([x, W], attrs)[0];
}
