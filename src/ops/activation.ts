// activation.ts — y = f(x) per element, from a table of functions under their Hugging Face names: a new one is one entry. x (…) → y (…).
// GELU: Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415. SiLU: Elfwing et al. 2017, https://arxiv.org/abs/1702.03118

import { defineOp } from "../engine/graph.ts";
import { type Kernel, grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, size } from "../engine/tensor.ts";
import type { OnnxBuilder } from "../engine/wasm/onnx-builder.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import code from "./activation.wgsl?raw";

interface Activation {
  /** Of x: vec4f, with the functions of activation.wgsl. */
  readonly wgsl: string;
  /** The derivative. */
  readonly slope: string;
  /** f(x), and dy · f′(x). */
  readonly onnx: (x: Value, to: OnnxBuilder) => Value;
  readonly onnxBackward: (dy: Value, x: Value, to: OnnxBuilder) => Value;
  readonly f: (x: number) => number;
  readonly df: (x: number) => number;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const tanhGate = (x: number): number => 2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
/** φ: density of the standard normal distribution. */
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Φ(x) in float64: 1/2 + φ(x) · Σ x^(2n+1) / (1·3·5···(2n+1)), a series of one sign. */
export function normalCdf(x: number): number {
  if (Math.abs(x) > 9) return x > 0 ? 1 : 0;
  let [term, sum] = [x, 0];
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    sum += term;
    term *= (x * x) / (2 * n + 1);
  }
  return 0.5 + density(x) * sum;
}

/** d(x · σ(u)) / dx = s · (1 + x·u′ · (1 − s)) of s = σ(u) and rise = x·u′. */
function gateSlope(s: Value, rise: Value, to: OnnxBuilder): Value {
  const rest = to.add("Mul", [rise, to.add("Sub", [to.f32(1), s])]);
  return to.add("Add", [s, to.add("Mul", [s, rest])]);
}

export const activations = {
  relu: {
    wgsl: "max(x, vec4f())",
    slope: "select(vec4f(), vec4f(1), x > vec4f())",
    onnx: (x, to) => to.add("Relu", [x]),
    onnxBackward: (dy, x, to) => to.add("Where", [to.add("Greater", [x, to.f32(0)]), dy, to.f32(0)]),
    f: (x) => Math.max(x, 0),
    df: (x) => (x > 0 ? 1 : 0),
  },
  silu: {
    wgsl: "x * sigmoid(x)",
    slope: "sigmoid(x) * (1 + near(x) * sigmoid(-x))",
    onnx: (x, to) => to.add("com.microsoft:QuickGelu", [x], { alpha: { float: 1 } }),
    onnxBackward: (dy, x, to) => to.add("Mul", [dy, gateSlope(to.add("Sigmoid", [x]), x, to)]),
    f: (x) => x * sigmoid(x),
    df: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
  },
  /** The exact form, by the error function. */
  gelu: {
    wgsl: "x * normal(near(x))",
    slope: "normal(near(x)) + near(x) * 0.3989422804014327 * exp(-0.5 * near(x) * near(x))",
    onnx: (x, to) => to.add("com.microsoft:Gelu", [x]),
    onnxBackward: (dy, x, to) => {
      const twice = to.add("Add", [to.add("Erf", [to.add("Mul", [x, to.f32(Math.SQRT1_2)])]), to.f32(1)]);
      const bell = to.add("Exp", [to.add("Mul", [to.add("Mul", [x, x]), to.f32(-0.5)])]);
      const rise = to.add("Mul", [to.add("Mul", [x, bell]), to.f32(1 / Math.sqrt(2 * Math.PI))]);
      return to.add("Mul", [dy, to.add("Add", [to.add("Mul", [twice, to.f32(0.5)]), rise])]);
    },
    f: (x) => x * normalCdf(x),
    df: (x) => normalCdf(x) + x * density(x),
  },
  /** The tanh form: x/2 · (1 + tanh u) = x · σ(2u). */
  gelu_new: {
    wgsl: "x * sigmoid(tanhGate(near(x)))",
    slope:
      "sigmoid(tanhGate(near(x))) + near(x) * sigmoid(tanhGate(near(x))) * sigmoid(-tanhGate(near(x))) * 1.5957691216057308 * (1 + 0.134145 * near(x) * near(x))",
    onnx: (x, to) => to.add("com.microsoft:FastGelu", [x]),
    onnxBackward: (dy, x, to) => {
      const c = 2 * Math.sqrt(2 / Math.PI);
      const square = to.add("Mul", [x, x]);
      const cubic = (factor: number): Value => to.add("Mul", [x, to.add("Add", [to.add("Mul", [square, to.f32(factor * 0.044715 * c)]), to.f32(c)])]);
      return to.add("Mul", [dy, gateSlope(to.add("Sigmoid", [cubic(1)]), cubic(3), to)]);
    },
    f: (x) => x * sigmoid(tanhGate(x)),
    df: (x) => {
      const z = tanhGate(x);
      return sigmoid(z) + x * sigmoid(z) * sigmoid(-z) * 2 * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
    },
  },
  /** The slope is 1/cosh², by the sigmoids of ±2x: 1 − tanh² would cancel. */
  tanh: {
    wgsl: "tangent(x)",
    slope: "4 * sigmoid(2 * x) * sigmoid(-2 * x)",
    onnx: (x, to) => to.add("Tanh", [x]),
    onnxBackward: (dy, x, to) => {
      const gate = (factor: number): Value => to.add("Sigmoid", [to.add("Mul", [x, to.f32(factor)])]);
      return to.add("Mul", [dy, to.add("Mul", [to.f32(4), to.add("Mul", [gate(2), gate(-2)])])]);
    },
    f: Math.tanh,
    df: (x) => 1 / Math.cosh(x) ** 2,
  },
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof activations;

const table: Record<ActivationName, Activation> = activations;
/** The forward pass has no dy. */
const forwardCode = code.replace(/^.*binding\(2\).*\n/m, "").replace("@binding(3)", "@binding(2)").replace(/^.*dys\[i\].*\n/m, ""); // prettier-ignore
const kernels = Object.fromEntries(
  Object.entries(table).map(([name, a]) => [
    name,
    {
      forward: kernel(name, forwardCode.replace("EXPRESSION", a.wgsl)),
      backward: kernel(`${name}.backward`, code.replace("EXPRESSION", `dy * (${a.slope})`)),
    },
  ]),
) as Record<ActivationName, { forward: Kernel; backward: Kernel }>;

export const activationOp = defineOp<{ kind: ActivationName }>({
  name: "activation",
  infer([x]) {
    if (x.dtype !== "f32") throw new ShapeError(`activation of ${show(x)}: only f32 is computed with`);
    return [x];
  },
  vjp: ([dy], { inputs: [x], attrs }) => [dy && activationBackwardOp.apply([dy, x], attrs)[0]],
  lower({ inputs: [x], outputs: [y], attrs: { kind } }) {
    const count = Math.ceil(size(x.shape) / 4);
    return [{ kernel: kernels[kind].forward, dims: { count }, args: [x, y], grid: grid1d(count, 64) }];
  },
  onnx: ({ inputs: [x], outputs: [y], attrs: { kind } }, to) => to.set(y, table[kind].onnx(to.of(x), to)),
  ref: ([x], { kind }) => [nd(x.shape, Float64Array.from(x.data, table[kind].f))],
});

/** dx = dy · f′(x): dy (…), x (…) → (…). */
export const activationBackwardOp = defineOp<{ kind: ActivationName }>({
  name: "activation.backward",
  infer: ([, x]) => [x],
  lower({ inputs: [dy, x], outputs: [dx], attrs: { kind } }) {
    const count = Math.ceil(size(x.shape) / 4);
    return [{ kernel: kernels[kind].backward, dims: { count }, args: [x, dy, dx], grid: grid1d(count, 64) }];
  },
  onnx: ({ inputs: [dy, x], outputs: [dx], attrs: { kind } }, to) => to.set(dx, table[kind].onnxBackward(to.of(dy), to.of(x), to)),
  ref: ([dy, x], { kind }) => [
    nd(
      x.shape,
      Float64Array.from(x.data, (v, i) => dy.data[i] * table[kind].df(v)),
    ),
  ],
});

/** x (…) → (…). */
export const activation = (x: Tensor, kind: ActivationName): Tensor => activationOp.apply([x], { kind })[0];
