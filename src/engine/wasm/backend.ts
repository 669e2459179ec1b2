// The wasm backend: plans become ONNX graphs, run by ONNX Runtime's wasm kernels (SIMD, threads). For machines without a GPU, where a software
// rasteriser runs WGSL at a tenth of their speed. Memory lies on the wasm heap and is bound to the graphs in place.

import type { Backend, Memory, Plan, Range } from "../backend.ts";
import type { Graph, Leaf, Node } from "../graph.ts";
import { inPlaceOf } from "../passes/dead.ts";
import { optimise } from "../passes/index.ts";
import { type Tensor, size } from "../tensor.ts";
import { OnnxBuilder } from "./onnx-builder.ts";
import type { OnnxGraph } from "./onnx-model.ts";
import { type Ort, type Session, loadOrt } from "./ort.ts";

/** Work is cut into runs; between runs, at most so often, waiting messages (stop, pause) get their turn. */
const BREATH_MS = 30;

class HeapMemory implements Memory {
  /** In bytes, on the heap. */
  readonly pointer: number;
  private alive = true;
  constructor(
    private readonly ort: Ort,
    readonly elements: number,
    readonly label: string,
  ) {
    this.pointer = ort.allocate(elements * 4, label);
  }
  destroy(): void {
    if (this.alive) this.ort.free(this.pointer);
    this.alive = false;
  }
}

const pointerOf = (r: Range): number => (r.memory as HeapMemory).pointer + r.offset * 4;

/** `threads` above 1 need a cross-origin isolated page, or Node. Throws where wasm does not load. */
export async function wasmBackend({ threads }: { threads: number }): Promise<Backend> {
  const ort = await loadOrt(threads);
  const made = new Set<HeapMemory>();
  let breathed = performance.now();
  const bytes = (r: Range): Uint8Array => ort.heap().subarray(pointerOf(r), pointerOf(r) + r.elements * 4);
  const memory = (elements: number, label: string): HeapMemory => {
    const m = new HeapMemory(ort, elements, label);
    made.add(m);
    return m;
  };
  return {
    name: "wasm",
    adapter: `ONNX Runtime, wasm, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    pipelines: 0,
    memory,
    write: (to, data) => bytes(to).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    // Copies: the heap is shared between threads and may be replaced.
    read: async (from) => new Float32Array(bytes(from).slice().buffer),
    readInts: async (from) => new Int32Array(bytes(from).slice().buffer),
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
      for (const m of made) m.destroy();
    },
  };
}

/** Where an output of the graph goes after a run. */
interface Destination {
  readonly pointer: number;
  readonly bytes: number;
}

class WasmPlan implements Plan {
  readonly dispatches: number;
  readonly slots: readonly number[] = [];
  private constructor(
    readonly name: string,
    readonly captures: ReadonlyMap<string, Range>,
    private readonly graph: OnnxGraph,
    private readonly session: Session,
    private readonly destinations: readonly (readonly Destination[])[],
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
    const to = new OnnxBuilder();
    const ranges = new Map([...graph.leaves.values()].map((l) => [l.tensor.id, place(l)]));
    for (const l of graph.leaves.values()) to.input(l.tensor);

    // Tensors that lie in a leaf's memory, by the leaf; and each leaf's newest value.
    const held = new Map([...graph.leaves.values()].map((l) => [l.tensor.id, l.tensor]));
    const updated = new Map<Tensor, Tensor>();
    for (const node of graph.nodes) {
      lower(node, to);
      if (node.op.view && held.has(node.inputs[0].id)) held.set(node.outputs[0].id, held.get(node.inputs[0].id)!);
      for (const [out, input] of inPlaceOf(node)) {
        const leaf = held.get(node.inputs[input].id);
        if (!leaf) continue;
        held.set(node.outputs[out].id, leaf);
        updated.set(leaf, node.outputs[out]);
      }
    }

    const captures = new Map<string, Range>();
    const wanted: { value: string; type: Tensor["dtype"]; destination: Destination }[] = [];
    const want = (t: Tensor, range: Range): void =>
      void wanted.push({ value: to.of(t), type: t.dtype, destination: { pointer: pointerOf(range), bytes: size(t.shape) * 4 } });
    for (const [leaf, t] of updated) want(t, ranges.get(leaf.id)!);
    for (const [key, t] of graph.captures) {
      const elements = size(t.shape);
      captures.set(key, { memory: memory(elements, key), offset: 0, elements });
      want(t, captures.get(key)!);
    }

    const onnx = to.finish(wanted);
    const inputs = onnx.inputs.map((v) => pointerOf(ranges.get(v.leaf.id)!) + v.offset * 4);
    const session = await ort.session(name, onnx, inputs);
    return new WasmPlan(name, captures, onnx, session, wanted.map((w) => [w.destination]), ort); // prettier-ignore
  }

  replay(): Promise<void> {
    return this.session.run((output, from) => {
      const heap = this.ort.heap();
      for (const { pointer, bytes } of this.destinations[output]) heap.copyWithin(pointer, from, from + bytes);
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

function lower(node: Node, to: OnnxBuilder): void {
  to.site = node.outputs[0].site;
  const [x] = node.inputs;
  const [y] = node.outputs;
  if (node.op.view) return to.set(y, to.reshape(to.of(x), y.shape));
  if (!node.op.onnx) throw new Error(`${to.site}: op "${node.op.name}" has no ONNX lowering`);
  node.op.onnx(node, to);
}
