// replays.ts — one compiled plan, replayed several times with leaves written in between: what a training run does.

import { type Backend, aligned, whole } from "../../src/engine/backend.ts";
import { capture, leaf, trace } from "../../src/engine/graph.ts";
import { type NdArray } from "../../src/engine/reference/nd-array.ts";
import { type Tensor, size } from "../../src/engine/tensor.ts";

const dataOf = (a: NdArray) => (a.dtype === "f32" ? Float32Array.from(a.data) : a.dtype === "i32" ? Int32Array.from(a.data) : Uint32Array.from(a.data));

/** Leaves start as `inputs`; before replay i the leaves of `writes[i]` are written. Returns the values of fn's tensors after each replay. */
export async function replays(
  backend: Backend,
  inputs: Record<string, NdArray>,
  writes: readonly Record<string, NdArray>[],
  fn: (t: Record<string, Tensor>) => Record<string, Tensor>,
): Promise<Record<string, Float64Array>[]> {
  const { graph, result } = trace(() => {
    const out = fn(Object.fromEntries(Object.entries(inputs).map(([name, a]) => [name, leaf("state", name, a.shape, a.dtype)])));
    for (const [name, t] of Object.entries(out)) capture(name, t);
    return out;
  });
  const memories = new Map(Object.entries(inputs).map(([name, a]) => [name, backend.memory(aligned(size(a.shape)), name)]));
  const write = (name: string, a: NdArray): void => backend.write({ ...whole(memories.get(name)!), elements: size(a.shape) }, dataOf(a));
  for (const [name, a] of Object.entries(inputs)) write(name, a);
  const plan = await backend.compile("replays", graph, (l) => whole(memories.get(l.name)!));
  const values: Record<string, Float64Array>[] = [];
  for (const changed of writes) {
    for (const [name, a] of Object.entries(changed)) write(name, a);
    await backend.run(plan);
    const now: Record<string, Float64Array> = {};
    for (const [name, t] of Object.entries(result)) {
      const range = { ...plan.captures.get(name)!, elements: size(t.shape) };
      now[name] = Float64Array.from(t.dtype === "f32" ? await backend.read(range) : await backend.readInts(range));
    }
    values.push(now);
  }
  plan.destroy();
  for (const m of memories.values()) m.destroy();
  return values;
}
