// The wasm backend: plans become ONNX graphs, run by ONNX Runtime's wasm kernels (SIMD, threads). For machines without a GPU, where a software
// rasteriser runs WGSL at a tenth of their speed. Memory lies on the wasm heap and is bound to the graphs in place.

import type { Backend, Memory, Plan, Range } from "../backend.ts";
import type { Graph, Leaf } from "../graph.ts";
import { optimise } from "../passes/index.ts";
import { size } from "../tensor.ts";
import { toOnnx } from "./onnx-graph.ts";
import type { OnnxGraph } from "./onnx-model.ts";
import { type Ort, type Session, loadOrt } from "./ort.ts";

/** Work is cut into runs; between runs, at most so often, waiting messages (stop, pause) get their turn. */
const BREATH_MS = 30;

/** In bytes, on the heap. */
interface HeapMemory extends Memory {
  readonly pointer: number;
}

const pointerOf = (r: Range): number => (r.memory as HeapMemory).pointer + r.offset * 4;

/** `threads` above 1 need a cross-origin isolated page, or Node. Throws where wasm does not load. */
export async function wasmBackend({ threads }: { threads: number }): Promise<Backend> {
  const ort = await loadOrt(threads);
  const alive = new Set<HeapMemory>();
  let breathed = performance.now();
  const bytes = (r: Range): Uint8Array => ort.heap().subarray(pointerOf(r), pointerOf(r) + r.elements * 4);
  const memory = (elements: number, label: string): HeapMemory => {
    const pointer = ort.allocate(elements * 4, label);
    const made = { pointer, elements, label, destroy: () => void (alive.delete(made) && ort.free(pointer)) };
    alive.add(made);
    return made;
  };
  return {
    name: "wasm",
    adapter: `ONNX Runtime, wasm, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    pipelines: 0,
    memory,
    write: (to, given) => {
      const data = given instanceof Float64Array ? Float32Array.from(given) : given;
      bytes(to).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    },
    // Copies: the heap is shared between threads and may be replaced.
    read: async (from) => new Float32Array(bytes(from).slice().buffer),
    readInts: async (from) => new Int32Array(bytes(from).slice().buffer),
    readExact: async (from) => new Float32Array(bytes(from).slice().buffer),
    copy: (from, to) => bytes(to).set(bytes(from)),
    fill0: (range) => void bytes(range).fill(0),
    compile: (name, graph, place) => WasmPlan.make(name, graph, place, ort, memory),
    run: async (plan, cancelled) => {
      // A run blocks this thread; a message sent meanwhile is seen only in a task of its own.
      if (performance.now() - breathed > BREATH_MS) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        breathed = performance.now();
      }
      if (cancelled?.()) return true;
      await (plan as WasmPlan).replay();
      return false;
    },
    idle: async () => {},
    destroy: () => {
      for (const m of alive) m.destroy();
    },
  };
}

class WasmPlan implements Plan {
  readonly dispatches: number;
  readonly slots: readonly number[] = [];
  private constructor(
    readonly name: string,
    readonly captures: ReadonlyMap<string, Range>,
    private readonly graph: OnnxGraph,
    private readonly session: Session,
    /** Where each output goes. */
    private readonly destinations: readonly Range[],
    private readonly ort: Ort,
  ) {
    this.dispatches = graph.nodes.length;
  }

  static async make(
    name: string,
    graph: Graph,
    place: (leaf: Leaf) => Range,
    ort: Ort,
    memory: (elements: number, label: string) => HeapMemory,
  ): Promise<WasmPlan> {
    optimise(graph);
    const { onnx, results } = toOnnx(graph);
    const ranges = new Map([...graph.leaves.values()].map((l) => [l.tensor.id, place(l)]));
    const captures = new Map<string, Range>();
    for (const [key, t] of graph.captures) captures.set(key, { memory: memory(size(t.shape), key), offset: 0, elements: size(t.shape) });
    const destinations = results.map((r) => ({ ...("leaf" in r ? ranges.get(r.leaf.id)! : captures.get(r.capture)!), elements: size(r.tensor.shape) }));
    const inputs = onnx.inputs.map((v) => pointerOf(ranges.get(v.leaf.id)!) + v.offset * 4);
    return new WasmPlan(name, captures, onnx, await ort.session(name, onnx, inputs), destinations, ort);
  }

  replay(): Promise<void> {
    return this.session.run((output, from) => {
      const to = this.destinations[output];
      this.ort.heap().copyWithin(pointerOf(to), from, from + to.elements * 4);
    });
  }

  explain(): string[] {
    const shown = new Map(this.graph.initializers.filter((i) => i.data.length <= 16).map((i) => [i.name, `${i.name} (${i.type} constant)`]));
    return this.graph.nodes.map((n, i) => {
      const attributes = Object.entries(n.attributes).map(([k, v]) => `${k}=${typeof v === "object" && "float" in v ? v.float : String(v)}`);
      return `${String(i).padStart(4)} ${n.op}${attributes.length ? `[${attributes.join(" ")}]` : ""} ${n.inputs.map((v) => shown.get(v) ?? v).join(" · ")} → ${n.outputs.join(" · ")} · ${n.site}`;
    });
  }

  destroy(): void {
    this.session.release();
    for (const r of this.captures.values()) r.memory.destroy();
  }
}
