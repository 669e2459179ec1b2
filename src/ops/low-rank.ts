// low-rank.ts — y = scale · (x Aᵀ) B: a low-rank map by itself, without a frozen layer under it: HeteroLoRA's shortcuts (arXiv 2406.14956).
// x (…, K), A (r, K), Bᵀ (r, N), scales (n) → y (…, N), P = x Aᵀ (…, r). r padded to a multiple of 4 with zeros.
// Backward:  dP = scale · dy Bᵀᵀ · dx = dP A · dA = dPᵀ x · dB = scale · Pᵀ dy

import { defineOp } from "../engine/graph.ts";
import { ShapeError, type Spec, type Tensor, last, rows, show, spec } from "../engine/tensor.ts";
import { type MatmulAttrs, matmulDispatch, matmulOnnx, matmulOp, matmulRef } from "./matmul.ts";

export interface LowRankAttrs {
  /** Which element of `scales` is the site's. */
  scale: number;
  addend?: "read";
}

/** The products of a node, by what they make. */
function products(x: Spec, A: Spec, B: Spec, t: LowRankAttrs) {
  const M = rows(x.shape);
  const [r, K] = A.shape;
  const N = last(B.shape);
  const lead = x.shape.slice(0, -1);
  const { scale } = t;
  return {
    P: { form: "nt", shape: [...lead, r], problems: [{ M, N: r, K, a: 0, lda: K, b: 0, ldb: K, c: 0, ldc: r }] },
    y: {
      form: "nn",
      shape: [...lead, N],
      scale: "main",
      addend: t.addend,
      problems: [{ M, N, K: r, a: 0, lda: r, b: 0, ldb: N, c: 0, ldc: N, scale }],
    },
    dP: { form: "nt", shape: [...lead, r], scale: "main", problems: [{ M, N: r, K: N, a: 0, lda: N, b: 0, ldb: N, c: 0, ldc: r, scale }] },
    dx: { form: "nn", shape: x.shape, problems: [{ M, N: K, K: r, a: 0, lda: r, b: 0, ldb: K, c: 0, ldc: K }] },
    dA: { form: "tn", shape: A.shape, problems: [{ M: r, N: K, K: M, a: 0, lda: r, b: 0, ldb: K, c: 0, ldc: K }] },
    dB: { form: "tn", shape: B.shape, scale: "main", problems: [{ M: r, N, K: M, a: 0, lda: r, b: 0, ldb: N, c: 0, ldc: N, scale }] },
  } satisfies Record<string, MatmulAttrs>;
}

export const lowRankOp = defineOp<LowRankAttrs>({
  name: "lowRank",
  infer([x, A, B]) {
    const K = last(x.shape);
    if (A.shape.length !== 2 || A.shape[1] !== K) throw new ShapeError(`A is ${show(A)}, x ${show(x)} has ${K} features`);
    if (B.shape.length !== 2 || B.shape[0] !== A.shape[0]) throw new ShapeError(`Bᵀ is ${show(B)}, A is ${show(A)}: their ranks differ`);
    if ([K, ...A.shape, ...B.shape].some((n) => n % 4))
      throw new ShapeError(`widths and padded ranks must be multiples of 4: in ${K}, out ${B.shape[1]}, r ${A.shape[0]}`);
    const lead = x.shape.slice(0, -1);
    return [spec([...lead, B.shape[1]]), spec([...lead, A.shape[0]])];
  },
  vjp([dy], { inputs: [x, A, B, scales], outputs: [, P], attrs: t }, needs) {
    if (!dy) return [];
    const is = products(x, A, B, t);
    const make = (attrs: MatmulAttrs, from: Tensor[]): Tensor => matmulOp.apply(from, attrs)[0];
    const dP = needs[0] || needs[1] ? make(is.dP, [dy, B, scales]) : null;
    return [
      dP && needs[0] ? make(is.dx, [dP, A]) : null,
      dP && needs[1] ? make(is.dA, [dP, x]) : null,
      needs[2] ? make(is.dB, [P, dy, scales]) : null,
      null,
      ...(t.addend ? [dy] : []),
    ];
  },
  withAddend: (t, how) => (t.addend || how !== "read" ? null : { ...t, addend: how }),
  lower({ inputs: [x, A, B, scales, ...addend], outputs: [y, P], attrs: t }) {
    const is = products(x, A, B, t);
    return [matmulDispatch(is.P, [x, A], P), matmulDispatch(is.y, [P, B, scales, ...addend], y)];
  },
  onnx({ inputs: [x, A, B, scales, ...addend], outputs: [y, P], attrs: t }, to) {
    const is = products(x, A, B, t);
    matmulOnnx(is.P, [x, A], P, to);
    matmulOnnx(is.y, [P, B, scales, ...addend], y, to);
  },
  ref([x, A, B, scales, ...addend], t) {
    const is = products(x, A, B, t);
    const P = matmulRef(is.P, [x, A]);
    return [matmulRef(is.y, [P, B, scales, ...addend]), P];
  },
});

/** x (…, K), A (r, K), B = Bᵀ (r, N), scales (n) → (…, N). */
export const lowRank = (x: Tensor, A: Tensor, B: Tensor, scales: Tensor, scale: number): Tensor => lowRankOp.apply([x, A, B, scales], { scale })[0];
