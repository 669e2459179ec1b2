// elementwise.ts — y = f(a, b) per element, from a table of expressions: a new one is one entry. b has a's shape, or one element for all.

import { ONE } from "../engine/grad.ts";
import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, size } from "../engine/tensor.ts";
import code from "./elementwise.wgsl?raw";
import { sum } from "./reduce.ts";
import { reshape } from "./reshape.ts";

interface Expression {
  /** Of a, b: vec4f; a one-element b is b.x. */
  readonly wgsl: string;
  /** The operator of ONNX. */
  readonly onnx: string;
  readonly f: (a: number, b: number) => number;
  readonly scalar?: boolean;
  /** Cotangents of a and b. */
  readonly da: (dy: Tensor, a: Tensor, b: Tensor) => Tensor;
  readonly db: (dy: Tensor, a: Tensor, b: Tensor) => Tensor;
}

const expressions = {
  mul: { wgsl: "a * b", onnx: "Mul", f: (a, b) => a * b, da: (dy, _a, b) => mul(dy, b), db: (dy, a) => mul(dy, a) },
  scaleBy: { wgsl: "a * b.x", onnx: "Mul", f: (a, s) => a * s, scalar: true, da: (dy, _a, s) => scaleBy(dy, s), db: (dy, a) => sum(mul(dy, a)) },
} satisfies Record<string, Expression>;

function elementwise(name: keyof typeof expressions) {
  const { wgsl, onnx, f, scalar = false, da, db }: Expression = expressions[name];
  const made = kernel(name, code.replace("EXPRESSION", wgsl));
  return defineOp<object>({
    name,
    infer([a, b]) {
      if (scalar && size(b.shape) !== 1) throw new ShapeError(`the scale is ${show(b)}; it must hold one element`);
      if (!scalar && show(a) !== show(b)) throw new ShapeError(`factors differ in shape: ${show(a)} and ${show(b)}; reshape one of them`);
      if (a.dtype !== "f32") throw new ShapeError(`${show(a)}: only f32 is computed with`);
      return [a];
    },
    vjp: ([dy], { inputs: [a, b] }, needs) => [dy && needs[0] ? da(dy, a, b) : null, dy && needs[1] ? db(dy, a, b) : null],
    lower({ inputs: [a, b], outputs: [y] }) {
      const count = Math.ceil(size(y.shape) / 4);
      return [{ kernel: made, dims: { count, stride: scalar ? 0 : 1 }, args: [a, b, y], grid: grid1d(count, 64) }];
    },
    onnx: ({ inputs: [a, b], outputs: [y] }, to) => to.set(y, to.add(onnx, [to.of(a), scalar ? to.reshape(to.of(b), []) : to.of(b)])),
    ref: ([a, b]) => [
      nd(
        a.shape,
        Float64Array.from(a.data, (v, i) => f(v, b.data[scalar ? 0 : i])),
      ),
    ],
  });
}

export const mulOp = elementwise("mul");
export const scaleByOp = elementwise("scaleBy");

/** a (…), b (…) → (…). The constant 1 that a gradient starts with is left out. */
export const mul = (a: Tensor, b: Tensor): Tensor => (a === ONE ? b : mulOp.apply([a, b], {})[0]);
/** x (…), s (1) → (…). */
export const scaleBy = (x: Tensor, s: Tensor): Tensor => (x === ONE ? reshape(s, [1]) : scaleByOp.apply([x, s], {})[0]);
