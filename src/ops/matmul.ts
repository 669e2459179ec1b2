// matmul.ts — the matrix product all linear layers and their gradients are made of. One launch solves up to four problems (sites that share their
// operands' buffers); each may add a low-rank product, a bias and an addend. Formula and layout: matmul.wgsl.ts.

import { defineOp } from "../engine/graph.ts";
import { kernel } from "../engine/kernel.ts";
import type { Dispatch } from "../engine/op.ts";
import { type NdArray, nd } from "../engine/reference/nd-array.ts";
import { type Shape, ShapeError, type Tensor, last, size, spec } from "../engine/tensor.ts";
import type { OnnxBuilder } from "../engine/wasm/onnx-builder.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import { type Form, TILE, matmulCode } from "./matmul.wgsl.ts";

export const MAX_PROBLEMS = 4;

/** One product, in elements. a, b, c, p, q: where the matrix starts in its tensor; ld…: elements from row to row. */
export interface Problem {
  M: number;
  N: number;
  K: number;
  a: number;
  lda: number;
  b: number;
  ldb: number;
  c: number;
  ldc: number;
  bias?: number;
  low?: { R: number; p: number; ldp: number; q: number; ldq: number };
  /** Index into `scales`. */
  scale?: number;
}

export interface MatmulAttrs {
  form: Form;
  shape: Shape;
  problems: readonly Problem[];
  low?: boolean;
  /** Which product scales[problem.scale] multiplies. */
  scale?: "main" | "low";
  bias?: boolean;
  addend?: "read" | "inPlace";
}

/** Inputs by name: a, b, [p, q], [scales], [bias], [addend]. */
function named<T>(inputs: readonly T[], t: MatmulAttrs): { a: T; b: T; p?: T; q?: T; scales?: T; bias?: T; addend?: T } {
  const rest = inputs.slice(2);
  const take = (there: unknown): T | undefined => (there ? rest.shift() : undefined);
  return { a: inputs[0], b: inputs[1], p: take(t.low), q: take(t.low), scales: take(t.scale), bias: take(t.bias), addend: take(t.addend) };
}

/** Launch of the product; `args` in the order of the op's inputs, then the output. */
export function matmulDispatch(t: MatmulAttrs, inputs: readonly Tensor[], out: Tensor, accumulate = t.addend === "inPlace"): Dispatch {
  const problems = t.problems.filter((p) => p.M * p.N > 0);
  const table: number[] = [];
  for (const p of problems) {
    const words = [p.a, p.b, p.c, p.bias ?? 0, p.lda, p.ldb, p.ldc, p.low?.p ?? 0, p.low?.q ?? 0, p.low?.ldp ?? 0, p.low?.ldq ?? 0, p.low?.R ?? 0];
    if (words.some((w) => w % 4) || (t.form !== "tn" && p.K % 4))
      throw new ShapeError(`matmul ${t.form}: rows and offsets must be whole vec4s, got ${JSON.stringify(p)}. Is a layer's width no multiple of 4?`);
    const [a, b, c, bias, lda, ldb, ldc, lp, lq, ldp, ldq] = words.map((w) => w / 4);
    table.push(p.M, p.N, p.K, p.low?.R ?? 0, a, b, c, bias, lda, ldb, ldc, p.scale ?? 0, lp, lq, ldp, ldq);
  }
  const readsAddend = t.addend === "read";
  const text = { form: t.form, low: Boolean(t.low), scale: t.scale ?? "none", bias: Boolean(t.bias), addend: readsAddend } as const;
  const name = ["matmul", t.form, t.low && "low", t.scale && `${t.scale}-scaled`, t.bias && "bias", readsAddend && "addend"].filter(Boolean).join(".");
  const most = (of: (p: Problem) => number): number => Math.max(...problems.map(of));
  return {
    kernel: kernel(name, matmulCode(text)),
    dims: { problems: table, accumulate: accumulate ? 1 : 0 },
    args: [...(t.addend === "inPlace" ? inputs.slice(0, -1) : inputs), out],
    grid: [Math.ceil(most((p) => p.N) / (TILE.columns * TILE.workgroup[0])), Math.ceil(most((p) => p.M) / (TILE.rows * TILE.workgroup[1])), problems.length],
    flops: problems.reduce((sum, p) => sum + 2 * p.M * p.N * (p.K + (p.low?.R ?? 0)), 0),
  };
}

/** Past a matrix' end there are zeros: widths are rounded up to whole vec4s. */
const read = (m: NdArray, i: number): number => m.data[i] ?? 0;

export function matmulRef(t: MatmulAttrs, inputs: readonly NdArray[]): NdArray {
  const { a, b, p, q, scales, bias, addend } = named(inputs, t);
  const out = nd(t.shape, addend?.data);
  for (const s of t.problems) {
    const scale = t.scale ? scales!.data[s.scale!] : 1;
    for (let m = 0; m < s.M; m++)
      for (let n = 0; n < s.N; n++) {
        let main = 0;
        for (let k = 0; k < s.K; k++)
          main += read(a, s.a + (t.form === "tn" ? k * s.lda + m : m * s.lda + k)) * read(b, s.b + (t.form === "nt" ? n * s.ldb + k : k * s.ldb + n));
        let low = 0;
        if (s.low) for (let r = 0; r < s.low.R; r++) low += read(p!, s.low.p + m * s.low.ldp + r) * read(q!, s.low.q + r * s.low.ldq + n);
        out.data[s.c + m * s.ldc + n] += (t.scale === "main" ? scale : 1) * main + (t.scale === "low" ? scale : 1) * low + (bias ? read(bias, s.bias! + n) : 0);
      }
  }
  return out;
}

/** A matrix of `rows` × `columns` that starts at an element of t, `ld` elements from row to row. Rows past the tensor's end are left out. */
function matrixIn(t: Tensor, from: number, rows: number, columns: number, ld: number, to: OnnxBuilder): { value: Value; rows: number } {
  const there = Math.min(rows, Math.floor((size(t.shape) - from + ld - columns) / ld));
  if (columns === ld) return { value: to.part(t, from, [there, ld]), rows: there };
  if (from < ld && last(t.shape) === ld && rows * ld === size(t.shape))
    return { value: to.once(`columns ${t.id} ${from} ${columns} as matrix`, () => to.reshape(to.columns(t, from, columns), [rows, columns])), rows };
  const whole = to.part(t, from - (from % ld), [there, ld]);
  return { value: to.slice(whole, 1, from % ld, (from % ld) + columns), rows: there };
}

/** The product as one Gemm per problem; sites side by side become columns, blocks behind one another are joined. */
export function matmulOnnx(t: MatmulAttrs, inputs: readonly Tensor[], out: Tensor, to: OnnxBuilder): void {
  const { a, b, p, q, scales, bias, addend } = named(inputs, t);
  const width = last(t.shape);
  const blocks = t.problems.filter((s) => s.M * s.N > 0).map((s) => {
    const columns = s.ldc === width && s.c < width && s.M * width === size(t.shape);
    if (!columns && s.ldc !== s.N) throw new ShapeError(`matmul ${t.form}: no ONNX form for ${JSON.stringify(s)} in (${t.shape.join(", ")})`);
    const scale = t.scale ? to.part(scales!, s.scale!, [1]) : null;
    const scaled = (v: Value): Value => to.add("Mul", [v, scale!]);
    const left = t.form === "tn" ? matrixIn(a, s.a, s.K, s.M, s.lda, to).value : matrixIn(a, s.a, s.M, s.K, s.lda, to).value;
    const right = t.form === "nt" ? matrixIn(b, s.b, s.N, s.K, s.ldb, to) : matrixIn(b, s.b, s.K, s.N, s.ldb, to);
    if (t.form !== "nt" && right.rows !== s.K) throw new ShapeError(`matmul ${t.form}: second operand ends before ${JSON.stringify(s)}`);
    // What is added: each product takes one term as Gemm's C.
    const terms: Value[] = [];
    if (addend) terms.push(matrixIn(addend, s.c, s.M, s.N, s.ldc, to).value);
    if (bias) terms.push(to.part(bias, s.bias!, [s.N]));
    const product = (x: Value, y: Value, transA: number, transB: number): void =>
      void terms.unshift(to.add("Gemm", [x, y, ...terms.splice(0, 1)], { transA, transB }));
    if (s.low && s.low.R > 0) {
      const P = matrixIn(p!, s.low.p, s.M, s.low.R, s.low.ldp, to).value;
      const Q = matrixIn(q!, s.low.q, s.low.R, s.N, s.low.ldq, to).value;
      product(P, t.scale === "low" ? scaled(Q) : Q, 0, 0);
    }
    const [transA, transB] = [Number(t.form === "tn"), Number(t.form === "nt")];
    const short = t.form === "nt" && right.rows < s.N; // an odd vocabulary: the last columns are 0
    const smaller = t.scale === "main" && s.M < s.N; // the scale goes to the operand with fewer elements
    if (short) terms.unshift(to.add("Pad", [to.add("Gemm", [left, right.value], { transB }), to.i64([0, 0, 0, s.N - right.rows])]));
    else product(smaller ? scaled(left) : left, t.scale === "main" && !smaller ? scaled(right.value) : right.value, transA, transB);
    return { at: s.c, size: columns ? s.N : s.M * s.N, columns, value: terms.reduce((x, y) => to.add("Add", [x, y])) };
  }); // prettier-ignore
  blocks.sort((x, y) => x.at - y.at);
  const whole = blocks.reduce((sum, block) => sum + block.size, 0);
  if (whole !== (blocks[0].columns ? width : size(t.shape))) throw new ShapeError(`matmul ${t.form}: its products leave gaps in (${t.shape.join(", ")})`);
  if (blocks.length === 1) to.setMatrix(out, blocks[0].value);
  else if (blocks[0].columns)
    to.setColumns(out, blocks.map((block) => ({ value: to.reshape(block.value, [...t.shape.slice(0, -1), block.size]), width: block.size }))); // prettier-ignore
  else to.set(out, to.reshape(to.concat(blocks.map((block) => to.reshape(block.value, [-1])), 0), t.shape)); // prettier-ignore
}

export const matmulOp = defineOp<MatmulAttrs>({
  name: "matmul",
  infer(inputs, t) {
    if (t.problems.length > MAX_PROBLEMS) throw new ShapeError(`${t.problems.length} products in one launch, at most ${MAX_PROBLEMS}`);
    const { a, b } = named(inputs, t);
    for (const p of t.problems) {
      const tall = (rows: number, ld: number, width: number, from: number): number => from + (rows - 1) * ld + Math.min(ld, width);
      if (tall(t.form === "tn" ? p.K : p.M, p.lda, t.form === "tn" ? 0 : p.K, p.a) > size(a.shape))
        throw new ShapeError(`first operand (${a.shape.join(", ")}) is too small for ${JSON.stringify(p)}`);
      if (t.form !== "nt" && tall(p.K, p.ldb, 0, p.b) > size(b.shape))
        throw new ShapeError(`second operand (${b.shape.join(", ")}) is too small for ${JSON.stringify(p)}`);
    }
    return [spec(t.shape)];
  },
  inPlace: (t, inputs) => (t.addend === "inPlace" ? [[0, inputs - 1]] : []),
  withAddend: (t, how) => (t.addend ? null : { ...t, addend: how }),
  lower: ({ inputs, outputs, attrs }) => [matmulDispatch(attrs, inputs, outputs[0])],
  onnx: ({ inputs, outputs, attrs }, to) => matmulOnnx(attrs, inputs, outputs[0], to),
  ref: (inputs, t) => [matmulRef(t, inputs)],
});
