// trace-case.ts — an op case with its loss and gradients: what the standing tests differentiate and compare.

import { grad } from "../../src/engine/grad.ts";
import { type Graph, leaf, trace } from "../../src/engine/graph.ts";
import type { NdArray } from "../../src/engine/reference/nd-array.ts";
import type { Tensor } from "../../src/engine/tensor.ts";
import { add } from "../../src/ops/add.ts";
import { mul } from "../../src/ops/elementwise.ts";
import { sum } from "../../src/ops/reduce.ts";
import { type OpCase, noise } from "../ops/cases/op-case.ts";

export interface Traced {
  /** y0, y1, …: the case's outputs; `d <input>`: cotangents. */
  values: Record<string, Tensor>;
  loss: Tensor | null;
}

/** Loss: the output itself if it is one number, else Σ of all outputs times the constant weights `weight 0`, `weight 1`, … */
export function traceCase(c: OpCase, t: Record<string, Tensor>): Traced {
  const outputs = c.build(t);
  const values = Object.fromEntries(outputs.map((y, i) => [`y${i}`, y]));
  if (c.wrt.length === 0) return { values, loss: null };
  const alone = outputs.length === 1 && outputs[0].shape.join() === "1";
  const loss = alone ? outputs[0] : outputs.map((y, i) => sum(mul(y, t[`weight ${i}`]))).reduce(add);
  const wrt = c.wrt.map((name) => t[name]);
  grad(loss, wrt, add).forEach((d, i) => {
    if (!d) throw new Error(`${c.name}: the loss does not depend on ${c.wrt[i]}`);
    values[`d ${c.wrt[i]}`] = d;
  });
  return { values, loss };
}

/** A trace of its own, of leaves named as the inputs. */
export function traced(c: OpCase, inputs: Record<string, NdArray>): { graph: Graph; result: Traced } {
  return trace(() => traceCase(c, Object.fromEntries(Object.entries(inputs).map(([name, a]) => [name, leaf("state", name, a.shape, a.dtype)]))));
}

/** The case's inputs and the loss's weights. */
export function inputsOf(c: OpCase): Record<string, NdArray> {
  if (c.wrt.length === 0) return c.inputs;
  const { result } = trace(() => c.build(Object.fromEntries(Object.entries(c.inputs).map(([name, a]) => [name, leaf("state", name, a.shape, a.dtype)]))));
  return { ...c.inputs, ...Object.fromEntries(result.map((y, i) => [`weight ${i}`, noise(y.shape, 1000 + i)])) };
}
