// linear.ts — y = x Wᵀ + bias + scale · (x Aᵀ) B: a linear layer with a low-rank branch (LoRA, arXiv 2106.09685), for one site or several that share x.
//
//   x (…, K), W (Σout, K) [or (K, out) in layout "in-out"], bias (Σout), A (Σr, K), B flat: per site Bᵀ (r, out), scales (n) → y (…, Σout), P (…, Σr)
//
// Sites lie behind one another: columns of y, rows of W, A and bias, blocks of B. Rank 0: no branch. B is kept transposed so that ranks grow by appending.
// Backward, with P = x Aᵀ:  dP_s = scale_s · dy_s B_sᵀᵀ · dx = dy W + dP A · dW = dyᵀ x · dA = dPᵀ x · dB_s = scale_s · P_sᵀ dy_s · dbias = Σ_rows dy

import { defineOp } from "../engine/graph.ts";
import { ShapeError, type Spec, type Tensor, last, rows, show, size, spec } from "../engine/tensor.ts";
import { columnSum } from "./column-sum.ts";
import { type MatmulAttrs, type Problem, MAX_PROBLEMS, matmulDispatch, matmulOnnx, matmulOp, matmulRef } from "./matmul.ts";

export interface LinearAttrs {
  /** Output features per site. */
  outs: readonly number[];
  /** Rank per site (padded to a multiple of 4), where there is a low-rank branch. */
  ranks: readonly number[] | null;
  /** Index of each site's scale. */
  scales: readonly number[];
  layout: "out-in" | "in-out";
  bias: boolean;
  /** The branch has an input of its own (x after dropout). */
  ownInput: boolean;
  addend?: "read";
}

interface Named<T> {
  x: T;
  W: T;
  bias?: T;
  A?: T;
  B?: T;
  scale?: T;
  xLow?: T;
  addend?: T;
}

function named<T>(inputs: readonly T[], t: LinearAttrs): Named<T> {
  const [x, W, ...rest] = inputs;
  const take = (there: unknown): T | undefined => (there ? rest.shift() : undefined);
  return { x, W, bias: take(t.bias), A: take(t.ranks), B: take(t.ranks), scale: take(t.ranks), xLow: take(t.ownInput), addend: take(t.addend) };
}

const total = (ns: readonly number[]): number => ns.reduce((a, b) => a + b, 0);
const starts = (ns: readonly number[]): number[] => ns.map((_, i) => total(ns.slice(0, i)));

/** The products of a node, by what they make. */
function products(x: Spec, W: Spec, t: LinearAttrs) {
  const M = rows(x.shape);
  const K = last(x.shape);
  const N = total(t.outs);
  const ranks = t.ranks ?? t.outs.map(() => 0);
  const R = total(ranks);
  const [outAt, rankAt, blockAt] = [starts(t.outs), starts(ranks), starts(ranks.map((r, i) => r * t.outs[i]))];
  const outIn = t.layout === "out-in";
  const lead = x.shape.slice(0, -1);
  const each = (fn: (site: number) => Problem): Problem[] => t.outs.map((_, i) => i).filter((i) => ranks[i] > 0).map(fn); // prettier-ignore
  const one = (attrs: Omit<MatmulAttrs, "problems">, problem: Problem): MatmulAttrs => ({ ...attrs, problems: [problem] });
  return {
    P: one({ form: "nt", shape: [...lead, R] }, { M, N: R, K, a: 0, lda: K, b: 0, ldb: K, c: 0, ldc: R }),
    y: {
      form: outIn ? "nt" : "nn",
      shape: [...lead, N],
      ...(t.ranks ? { low: true, scale: "low" as const } : {}),
      bias: t.bias,
      addend: t.addend,
      problems: t.outs.map((out, i) => ({
        M, N: out, K, a: 0, lda: K, b: outIn ? outAt[i] * K : 0, ldb: outIn ? K : N, c: outAt[i], ldc: N, bias: outAt[i], scale: t.scales[i],
        ...(t.ranks ? { low: { R: ranks[i], p: rankAt[i], ldp: R, q: blockAt[i], ldq: out } } : {}),
      })), // prettier-ignore
    } satisfies MatmulAttrs as MatmulAttrs,
    dP: {
      form: "nt",
      shape: [...lead, R],
      scale: "main",
      problems: each((i) => ({ M, N: ranks[i], K: t.outs[i], a: outAt[i], lda: N, b: blockAt[i], ldb: t.outs[i], c: rankAt[i], ldc: R, scale: t.scales[i] })),
    } satisfies MatmulAttrs as MatmulAttrs,
    dx: (low: boolean): MatmulAttrs =>
      one(
        { form: outIn ? "nn" : "nt", shape: x.shape, low },
        { M, N: K, K: N, a: 0, lda: N, b: 0, ldb: outIn ? K : N, c: 0, ldc: K, ...(low ? { low: { R, p: 0, ldp: R, q: 0, ldq: K } } : {}) },
      ),
    dxLow: one({ form: "nn", shape: x.shape }, { M, N: K, K: R, a: 0, lda: R, b: 0, ldb: K, c: 0, ldc: K }),
    dA: one({ form: "tn", shape: [R, K] }, { M: R, N: K, K: M, a: 0, lda: R, b: 0, ldb: K, c: 0, ldc: K }),
    dB: {
      form: "tn",
      shape: [total(ranks.map((r, i) => r * t.outs[i]))], // or B's own shape of that size
      scale: "main",
      problems: each((i) => ({
        M: ranks[i],
        N: t.outs[i],
        K: M,
        a: rankAt[i],
        lda: R,
        b: outAt[i],
        ldb: N,
        c: blockAt[i],
        ldc: t.outs[i],
        scale: t.scales[i],
      })),
    } satisfies MatmulAttrs as MatmulAttrs,
    dW: one(
      { form: "tn", shape: W.shape },
      outIn ? { M: N, N: K, K: M, a: 0, lda: N, b: 0, ldb: K, c: 0, ldc: K } : { M: K, N, K: M, a: 0, lda: K, b: 0, ldb: N, c: 0, ldc: N },
    ),
  };
}

export const linearOp = defineOp<LinearAttrs>({
  name: "linear",
  infer(inputs, t) {
    const { x, W, bias, A, B } = named(inputs, t);
    const K = last(x.shape);
    const N = total(t.outs);
    const expected = t.layout === "out-in" ? [N, K] : [K, N];
    if (show(W) !== show({ shape: expected, dtype: "f32" }))
      throw new ShapeError(
        `x ${show(x)} has ${K} features and ${N} outputs are asked for: the weight must be (${expected.join(", ")}), it is ${show(W)}. Do hidden_size and intermediate_size in config.json fit?`,
      );
    if (t.outs.length > MAX_PROBLEMS) throw new ShapeError(`${t.outs.length} sites share one input, at most ${MAX_PROBLEMS}`);
    if (t.layout === "in-out" && t.outs.length > 1) throw new ShapeError(`an (in, out) weight serves one site, not ${t.outs.length}`);
    if ([K, ...t.outs, ...(t.ranks ?? [])].some((n) => n % 4))
      throw new ShapeError(`widths and padded ranks must be multiples of 4: in ${K}, out ${t.outs}, r ${t.ranks}`);
    if (bias && size(bias.shape) !== N) throw new ShapeError(`bias ${show(bias)} for ${N} outputs`);
    if (t.ranks) {
      const R = total(t.ranks);
      if (show(A!) !== show(spec([R, K]))) throw new ShapeError(`A is ${show(A!)}, ranks ${t.ranks} on ${K} features need (${R}, ${K})`);
      const held = total(t.ranks.map((r, i) => r * t.outs[i]));
      if (size(B!.shape) !== held) throw new ShapeError(`B holds ${size(B!.shape)} elements, ranks ${t.ranks} and outputs ${t.outs} need ${held}`);
    }
    const lead = x.shape.slice(0, -1);
    return [spec([...lead, N]), ...(t.ranks ? [spec([...lead, total(t.ranks)])] : [])];
  },
  vjp([dy], { inputs, outputs, attrs: t }, needs) {
    if (!dy) return [];
    const n = named(inputs, t);
    const need = named(needs, t);
    const is = products(n.x, n.W, t);
    const make = (attrs: MatmulAttrs, from: Tensor[]): Tensor => matmulOp.apply(from, attrs)[0];
    const dP = t.ranks ? make(is.dP, [dy, n.B!, n.scale!]) : null;
    const fused = dP !== null && !t.ownInput;
    const grads: Named<Tensor | null> = {
      x: need.x ? make(is.dx(fused), fused ? [dy, n.W, dP, n.A!] : [dy, n.W]) : null,
      W: need.W ? make(is.dW, t.layout === "out-in" ? [dy, n.x] : [n.x, dy]) : null,
      bias: need.bias ? columnSum(dy) : null,
      A: dP && need.A ? make(is.dA, [dP, n.xLow ?? n.x]) : null,
      B: dP && need.B ? make({ ...is.dB, shape: n.B!.shape }, [outputs[1], dy, n.scale!]) : null,
      scale: null,
      xLow: dP && need.xLow ? make(is.dxLow, [dP, n.A!]) : null,
      addend: dy,
    };
    const order = [grads.x, grads.W, ...(t.bias ? [grads.bias!] : []), ...(t.ranks ? [grads.A!, grads.B!, null] : []), ...(t.ownInput ? [grads.xLow!] : [])];
    return t.addend ? [...order, dy] : order;
  },
  withAddend: (t, how) => (t.addend || how !== "read" ? null : { ...t, addend: how }),
  lower({ inputs, outputs: [y, P], attrs: t }) {
    const n = named(inputs, t);
    const is = products(n.x, n.W, t);
    const main = [n.x, n.W, ...(t.ranks ? [P, n.B!, n.scale!] : []), ...(n.bias ? [n.bias] : []), ...(n.addend ? [n.addend] : [])];
    return [...(t.ranks ? [matmulDispatch(is.P, [n.xLow ?? n.x, n.A!], P)] : []), matmulDispatch(is.y, main, y)];
  },
  onnx({ inputs, outputs: [y, P], attrs: t }, to) {
    const n = named(inputs, t);
    const is = products(n.x, n.W, t);
    const main = [n.x, n.W, ...(t.ranks ? [P, n.B!, n.scale!] : []), ...(n.bias ? [n.bias] : []), ...(n.addend ? [n.addend] : [])];
    if (t.ranks) matmulOnnx(is.P, [n.xLow ?? n.x, n.A!], P, to);
    matmulOnnx(is.y, main, y, to);
  },
  ref(inputs, t) {
    const n = named(inputs, t);
    const is = products(n.x, n.W, t);
    const P = t.ranks ? matmulRef(is.P, [n.xLow ?? n.x, n.A!]) : null;
    const main = [n.x, n.W, ...(P ? [P, n.B!, n.scale!] : []), ...(n.bias ? [n.bias] : []), ...(n.addend ? [n.addend] : [])];
    return P ? [matmulRef(is.y, main), P] : [matmulRef(is.y, main)];
  },
});

/** A low-rank branch scale · (x Aᵀ) B. x: its own input, where that differs from the layer's (dropout). Ranks are padded to multiples of 4 with zeros. */
export interface LowRank {
  A: Tensor;
  B: Tensor;
  scales: Tensor;
  /** Index of each site's scale in `scales`. */
  index: readonly number[];
  ranks: readonly number[];
  x?: Tensor;
}

export interface LinearOptions {
  outs?: readonly number[];
  bias?: Tensor | null;
  layout?: "out-in" | "in-out";
  low?: LowRank | null;
}

/** x (…, K), W (Σout, K) → (…, Σout). */
export function linear(x: Tensor, W: Tensor, { outs, bias, layout = "out-in", low }: LinearOptions = {}): Tensor {
  const sites = outs ?? [layout === "out-in" ? W.shape[0] : W.shape[1]];
  const inputs = [x, W, ...(bias ? [bias] : []), ...(low ? [low.A, low.B, low.scales] : []), ...(low?.x ? [low.x] : [])];
  return linearOp.apply(inputs, {
    outs: sites,
    ranks: low ? low.ranks : null,
    scales: low?.index ?? sites.map(() => 0),
    layout,
    bias: Boolean(bias),
    ownInput: Boolean(low?.x),
  })[0];
}
