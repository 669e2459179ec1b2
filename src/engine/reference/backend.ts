// The reference backend: runs every op's float64 `ref` in order. Slow and right; for tests, teaching and debugging.

import type { Backend, Data, Memory, Plan, Range } from "../backend.ts";
import type { Graph, Leaf } from "../graph.ts";
import { inPlaceOf } from "../passes/dead.ts";
import { optimise } from "../passes/index.ts";
import { type Tensor, show, size } from "../tensor.ts";
import type { NdArray } from "./nd-array.ts";

/** One array for any dtype: float64 holds every f32, i32 and u32. */
class HostMemory implements Memory {
  readonly data: Float64Array;
  constructor(
    readonly elements: number,
    readonly label: string,
  ) {
    this.data = new Float64Array(elements);
  }
  destroy(): void {}
}

const view = (r: Range): Float64Array => (r.memory as HostMemory).data.subarray(r.offset, r.offset + r.elements);

interface ReferencePlan extends Plan {
  replay(): void;
}

const YIELD_MS = 50;

export function referenceBackend(): Backend {
  let yielded = performance.now();
  return {
    name: "reference",
    adapter: "float64 reference",
    pipelines: 0,
    memory: (elements, label) => new HostMemory(elements, label),
    write: (to, data: Data) => view(to).set(data),
    read: async (from) => Float32Array.from(view(from)),
    readInts: async (from) => Int32Array.from(view(from)),
    readExact: async (from) => view(from).slice(),
    copy: (from, to) => view(to).set(view(from)),
    fill0: (range) => void view(range).fill(0),
    compile: async (name, graph, place) => compile(name, graph, place),
    run: async (plan, cancelled) => {
      // Nothing here waits for a device: without a pause no message (stop, Ctrl-C) would get through.
      if (performance.now() - yielded > YIELD_MS) {
        await new Promise((resolve) => setTimeout(resolve));
        yielded = performance.now();
      }
      if (cancelled?.()) return true;
      (plan as ReferencePlan).replay();
      return false;
    },
    idle: async () => {},
    destroy: () => {},
  };
}

function compile(name: string, graph: Graph, place: (leaf: Leaf) => Range): ReferencePlan {
  optimise(graph);
  const captures = new Map<string, Range>();
  for (const [key, t] of graph.captures) {
    const elements = size(t.shape);
    captures.set(key, { memory: new HostMemory(elements, key), offset: 0, elements });
  }
  const array = (t: Tensor, data: Float64Array): NdArray =>
    t.dtype === "f32"
      ? { shape: t.shape, dtype: t.dtype, data }
      : { shape: t.shape, dtype: t.dtype, data: t.dtype === "i32" ? Int32Array.from(data) : Uint32Array.from(data) };

  return {
    name,
    dispatches: 0,
    captures,
    slots: [],
    explain: () => graph.nodes.map((n) => `${n.op.name} ${n.inputs.map(show).join(" ")} → ${n.outputs.map(show).join(" ")} · ${n.site}`),
    destroy: () => {},
    replay() {
      const values = new Map<number, NdArray>();
      const held = new Map<number, Float64Array>(); // tensors that lie in a leaf's memory
      for (const l of graph.leaves.values()) {
        const data = view(place(l)).subarray(0, size(l.tensor.shape));
        held.set(l.tensor.id, data);
        values.set(l.tensor.id, array(l.tensor, data));
      }
      for (const node of graph.nodes) {
        const inputs = node.inputs.map((t) => values.get(t.id)!);
        const outputs = node.op.view ? [{ ...inputs[0], shape: node.outputs[0].shape }] : node.op.ref(inputs, node.attrs);
        node.outputs.forEach((t, i) => {
          if (outputs[i].data.length !== size(t.shape)) throw new Error(`${t.site}: reference gave ${outputs[i].data.length} elements for ${show(t)}`);
          values.set(t.id, { ...outputs[i], shape: t.shape });
        });
        if (node.op.view && held.has(node.inputs[0].id)) held.set(node.outputs[0].id, held.get(node.inputs[0].id)!);
        for (const [out, input] of inPlaceOf(node)) {
          const data = held.get(node.inputs[input].id);
          if (!data) continue;
          data.set(outputs[out].data);
          held.set(node.outputs[out].id, data);
          values.set(node.outputs[out].id, array(node.outputs[out], data));
        }
      }
      for (const [key, t] of graph.captures) view(captures.get(key)!).set(values.get(t.id)!.data);
    },
  };
}
