// plan.ts — a graph as a flat list of launches with bind groups made once, replayed every step.

import type { Plan, Range } from "../backend.ts";
import type { Graph, Leaf } from "../graph.ts";
import type { Kernel } from "../kernel.ts";
import { type Layout, checkLayout, layOut } from "../memory.ts";
import type { Dispatch } from "../op.ts";
import { optimise } from "../passes/index.ts";
import { type Tensor, show, size } from "../tensor.ts";
import type { Device } from "./device.ts";
import { GpuMemory } from "./gpu-memory.ts";

/** The activations' buffers: all plans of a run share them, sized to the largest. A plan made before the pool grew binds anew. */
export class SlotPool {
  private readonly slots: GpuMemory[] = [];
  generation = 0;
  constructor(private readonly gpu: GPUDevice) {}

  fit(sizes: readonly number[]): void {
    sizes.forEach((elements, i) => {
      if (this.slots[i]?.elements >= elements) return;
      this.slots[i]?.destroy();
      this.slots[i] = new GpuMemory(this.gpu, elements, `slot ${i}`);
      this.generation++;
    });
  }
  at = (i: number): GpuMemory => this.slots[i];
  get bytes(): number {
    return this.slots.reduce((sum, s) => sum + s.elements * 4, 0);
  }
  destroy(): void {
    for (const s of this.slots) s.destroy();
    this.slots.length = 0;
    this.generation++;
  }
}

type Item = ({ dispatch: Dispatch; site: string } | { copy: { from: Tensor; to: Tensor } }) & { work: number };

/** Work of a launch in comparable units: floating-point operations, or bytes moved at one per two operations. */
const workOf = (d: Dispatch): number =>
  Math.max(
    d.flops ?? 0,
    d.args.reduce((sum, t) => sum + size(t.shape) * 8, 0),
  ) + 20_000;

export class WebGpuPlan implements Plan {
  readonly captures = new Map<string, Range>();
  readonly items: Item[] = [];
  readonly dispatches: number;
  private readonly layout: Layout;
  /** Memory of the captures, where it is the plan's own. */
  private readonly own: GpuMemory[] = [];
  private readonly uniforms: GPUBuffer;
  private readonly uniformAt: number[] = [];
  private pipelines = new Map<Kernel, GPUComputePipeline>();
  private groups: GPUBindGroup[] = [];
  private boundAt = -1;

  constructor(
    readonly name: string,
    graph: Graph,
    private readonly place: (leaf: Leaf) => Range,
    private readonly device: Device,
    private readonly pool: SlotPool,
    private readonly flush: () => void,
  ) {
    optimise(graph);
    this.layout = layOut(graph);
    checkLayout(graph, this.layout);
    for (const [key, t] of graph.captures) {
      const at = this.layout.place.get(t.id)!;
      const elements = size(t.shape);
      if ("leaf" in at) this.captures.set(key, { ...this.place(at.leaf), elements });
      else if ("capture" in at) this.captures.set(key, this.captures.get(at.capture) ?? { memory: this.memory(elements, key), offset: 0, elements });
    }
    const target = { class: device.class, maxStorageBufferBindingSize: device.gpu.limits.maxStorageBufferBindingSize };
    this.layout.nodes.forEach((node, i) => {
      for (const { from, to } of this.layout.copies.get(i) ?? []) this.items.push({ copy: { from, to }, work: size(from.shape) * 8 });
      if (node.op.view) return;
      for (const dispatch of node.op.lower(node, target)) {
        if (dispatch.args.length !== dispatch.kernel.access.length)
          throw new Error(
            `${node.outputs[0].site}: kernel "${dispatch.kernel.name}" has ${dispatch.kernel.access.length} bindings and got ${dispatch.args.length} arguments`,
          );
        this.items.push({ dispatch, site: node.outputs[0].site, work: workOf(dispatch) });
      }
    });
    this.dispatches = this.items.filter((i) => "dispatch" in i).length;

    let bytes = 0;
    for (const item of this.items) {
      this.uniformAt.push(bytes);
      if ("dispatch" in item && item.dispatch.kernel.dimsWords) bytes += Math.ceil((item.dispatch.kernel.dimsWords * 4) / 256) * 256;
    }
    this.uniforms = device.gpu.createBuffer({ label: `${name} dims`, size: Math.max(16, bytes), usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
    const words = new ArrayBuffer(Math.max(16, bytes));
    this.items.forEach((item, i) => {
      if ("dispatch" in item) fillDims(item.dispatch, item.site, new DataView(words, this.uniformAt[i]));
    });
    device.gpu.queue.writeBuffer(this.uniforms, 0, words);
  }

  private memory(elements: number, label: string): GpuMemory {
    const memory = new GpuMemory(this.device.gpu, (elements + 3) & ~3, label, this.flush);
    this.own.push(memory);
    return memory;
  }

  kernels(): Set<Kernel> {
    return new Set(this.items.flatMap((i) => ("dispatch" in i ? [i.dispatch.kernel] : [])));
  }

  usePipelines(pipelines: Map<Kernel, GPUComputePipeline>): void {
    this.pipelines = pipelines;
    this.bind();
  }

  /** Makes the bind groups; again only when the shared pool has grown since. */
  bind(): void {
    this.pool.fit(this.layout.slots);
    if (this.boundAt === this.pool.generation) return;
    this.groups = this.items.map((item, i) => ("dispatch" in item ? this.group(item.dispatch, item.site, this.uniformAt[i]) : (null as never)));
    this.boundAt = this.pool.generation;
  }

  private group(d: Dispatch, site: string, uniformAt: number): GPUBindGroup {
    const entries: GPUBindGroupEntry[] = d.args.map((t, i) => {
      const r = this.rangeOf(t);
      const bytes = Math.ceil(r.elements / 4) * 16;
      const limit = this.device.gpu.limits.maxStorageBufferBindingSize;
      if (bytes > limit) throw new Error(`${site}: ${show(t)} is ${bytes} bytes; this device binds at most ${limit}`);
      return { binding: i + 1, resource: { buffer: (r.memory as GpuMemory).buffer, offset: r.offset * 4, size: bytes } };
    });
    if (d.kernel.dimsWords) entries.unshift({ binding: 0, resource: { buffer: this.uniforms, offset: uniformAt, size: d.kernel.dimsWords * 4 } });
    return this.device.gpu.createBindGroup({ label: site, layout: this.pipelines.get(d.kernel)!.getBindGroupLayout(0), entries });
  }

  private rangeOf(t: Tensor): Range {
    const at = this.layout.place.get(t.id)!;
    if ("leaf" in at) return { ...this.place(at.leaf), elements: size(t.shape) };
    if ("capture" in at) return this.captures.get(at.capture)!;
    return { memory: this.pool.at(at.slot), offset: 0, elements: this.layout.slots[at.slot] };
  }

  /** Encodes items [from, to). Consecutive launches share a pass; WebGPU orders them by what they read and write. */
  encode(encoder: GPUCommandEncoder, from: number, to: number): void {
    let pass: GPUComputePassEncoder | null = null;
    for (let i = from; i < to; i++) {
      const item = this.items[i];
      if ("copy" in item) {
        pass?.end();
        pass = null;
        const a = this.rangeOf(item.copy.from);
        const b = this.rangeOf(item.copy.to);
        encoder.copyBufferToBuffer(
          (a.memory as GpuMemory).buffer,
          a.offset * 4,
          (b.memory as GpuMemory).buffer,
          b.offset * 4,
          Math.min(a.elements, b.elements) * 4,
        );
        continue;
      }
      pass ??= encoder.beginComputePass();
      pass.setPipeline(this.pipelines.get(item.dispatch.kernel)!);
      pass.setBindGroup(0, this.groups[i]);
      pass.dispatchWorkgroups(...item.dispatch.grid);
    }
    pass?.end();
  }

  get slots(): number[] {
    return this.layout.slots.map((elements) => elements * 4);
  }

  explain(): string[] {
    return this.items.map((item, i) => {
      const n = String(i).padStart(4);
      if ("copy" in item) return `${n} copy ${show(item.copy.from)} for ${item.copy.to.site}`;
      const { kernel, args, grid } = item.dispatch;
      const where = (t: Tensor): string => {
        const at = this.layout.place.get(t.id)!;
        return "leaf" in at ? at.leaf.kind : "slot" in at ? `slot ${at.slot}` : "capture";
      };
      const bytes = args.reduce((sum, t) => sum + size(t.shape) * 4, 0);
      return `${n} ${kernel.name} [${grid.join("×")}] ${args.map((t) => `${show(t)} ${where(t)}`).join(" · ")} · ${bytes} bytes · ${item.site}`;
    });
  }

  destroy(): void {
    this.flush();
    this.uniforms.destroy();
    for (const memory of this.own) memory.destroy();
    this.groups = [];
  }
}

function fillDims(d: Dispatch, site: string, view: DataView): void {
  for (const field of d.kernel.dims) {
    const value = d.dims[field.name];
    if (value === undefined) throw new Error(`${site}: kernel "${d.kernel.name}" needs dims.${field.name}`);
    const values = typeof value === "number" ? [value] : value;
    if (values.length > field.words) throw new Error(`${site}: dims.${field.name} holds ${field.words} words and got ${values.length}`);
    values.forEach((v, i) => (field.type === "f32" ? view.setFloat32((field.word + i) * 4, v, true) : view.setUint32((field.word + i) * 4, v, true)));
  }
  for (const name of Object.keys(d.dims))
    if (!d.kernel.dims.some((f) => f.name === name)) throw new Error(`${site}: kernel "${d.kernel.name}" has no dims.${name}`);
}
