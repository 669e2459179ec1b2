// Runs a traced function once on a backend: named inputs in, captured values out.

import { type Backend, aligned, whole } from "../../src/engine/backend.ts";
import { capture, leaf, trace } from "../../src/engine/graph.ts";
import type { NdArray } from "../../src/engine/reference/nd-array.ts";
import { type Tensor, size } from "../../src/engine/tensor.ts";

/** fn gets one leaf per input and returns the values to read, by name. Leaves that were updated in place are read back as `leaf <name>`. */
export async function run(
  backend: Backend,
  inputs: Record<string, NdArray>,
  fn: (t: Record<string, Tensor>) => Record<string, Tensor>,
): Promise<Record<string, Float64Array>> {
  const { graph, result } = trace(() => {
    const leaves = Object.fromEntries(Object.entries(inputs).map(([name, a]) => [name, leaf("state", name, a.shape, a.dtype)]));
    const out = fn(leaves);
    for (const [name, t] of Object.entries(out)) capture(name, t);
    return out;
  });
  const memories = new Map(Object.entries(inputs).map(([name, a]) => [name, backend.memory(aligned(size(a.shape)), name)]));
  for (const [name, a] of Object.entries(inputs)) {
    const data = a.dtype === "f32" ? Float32Array.from(a.data) : a.dtype === "i32" ? Int32Array.from(a.data) : Uint32Array.from(a.data);
    backend.write({ memory: memories.get(name)!, offset: 0, elements: size(a.shape) }, data);
  }
  const plan = await backend.compile("test", graph, (l) => whole(memories.get(l.name)!));
  await backend.run(plan);
  const values: Record<string, Float64Array> = {};
  for (const [name, t] of Object.entries(result)) {
    const range = { ...plan.captures.get(name)!, elements: size(t.shape) };
    values[name] = Float64Array.from(t.dtype === "f32" ? await backend.read(range) : await backend.readInts(range));
  }
  for (const [name, a] of Object.entries(inputs)) {
    const range = { memory: memories.get(name)!, offset: 0, elements: size(a.shape) };
    values[`leaf ${name}`] = Float64Array.from(a.dtype === "f32" ? await backend.read(range) : await backend.readInts(range));
  }
  plan.destroy();
  for (const m of memories.values()) m.destroy();
  return values;
}

/** max |value − truth| / max |truth| (or the plain difference where truth is all zero). */
export function relativeError(value: ArrayLike<number>, truth: ArrayLike<number>): number {
  if (value.length !== truth.length) return Infinity;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < truth.length; i++) {
    const d = Math.abs(value[i] - truth[i]);
    if (!(d <= difference)) difference = d; // NaN counts as the worst
    scale = Math.max(scale, Math.abs(truth[i]));
  }
  return scale > 0 ? difference / scale : difference;
}
