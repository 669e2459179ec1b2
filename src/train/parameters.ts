// parameters.ts — the values of a run on the device. Frozen weights: one memory per leaf. Trainables: one flat buffer, their gradients, first and
// second moments in three more (as in llm.c), with a table of segments: each named tensor's range, lr scale, weight decay, active flag and own step.

import { type Backend, type Data, type Exact, type Memory, type Range, aligned, whole } from "../engine/backend.ts";
import type { Graph, Leaf } from "../engine/graph.ts";
import { type Shape, size } from "../engine/tensor.ts";
import { gradientOf, params } from "./graphs.ts";

export interface Segment {
  /** Name of the tensor: a Hugging Face weight, or site + ".lora_A" / ".lora_B". */
  readonly name: string;
  readonly shape: Shape;
  /** In the flat buffers, in elements. */
  readonly offset: number;
  readonly elements: number;
}

/** The state that training changes: enough to go on from. */
export interface Snapshot {
  readonly parameters: Exact;
  readonly m: Exact;
  readonly v: Exact;
  /** The segment table, with every tensor's own step count. */
  readonly segments: Int32Array;
}

const WORDS = 8;
const ACTIVE = 2;
const STEP = 3;
const bits = new DataView(new ArrayBuffer(4));
const f32Bits = (x: number): number => (bits.setFloat32(0, x, true), bits.getUint32(0, true)); // prettier-ignore

const FLAT = ["parameters", "gradients", "m", "v"] as const;

/** Where every trainable lies, read off a micro-step graph: all graphs of the run name their leaves alike. */
export function flatLayout(graph: Graph): { segments: Segment[]; offsets: Map<string, number>; elements: number } {
  const offsets = new Map<string, number>();
  const segments: Segment[] = [];
  let elements = 0;
  for (const l of params(graph)) {
    offsets.set(l.name, elements);
    for (const p of l.parts) segments.push({ name: p.name, shape: p.shape, offset: elements + p.offset, elements: size(p.shape) });
    elements += aligned(size(l.tensor.shape));
  }
  return { segments, offsets, elements };
}

export class Parameters {
  readonly segments: readonly Segment[];
  /** Elements of each flat buffer. */
  readonly elements: number;
  private readonly offsets: ReadonlyMap<string, number>;
  private readonly flat: Record<(typeof FLAT)[number], Memory>;
  private readonly table: Memory;

  constructor(
    private readonly backend: Backend,
    graph: Graph,
    private readonly weightDecay: number,
  ) {
    ({ segments: this.segments, offsets: this.offsets, elements: this.elements } = flatLayout(graph));
    this.flat = Object.fromEntries(FLAT.map((name) => [name, backend.memory(Math.max(64, this.elements), name)])) as typeof this.flat;
    this.table = backend.memory(Math.max(1, this.segments.length) * WORDS, "segments");
    backend.write(whole(this.table), this.tableOf());
  }

  /** Memory of a leaf that belongs to the trainables; null for any other. */
  place(l: Leaf): Range | null {
    const at = (memory: Memory, name: string): Range => ({ memory, offset: this.offsets.get(name)!, elements: size(l.tensor.shape) });
    if (l.kind === "param") return at(this.flat.parameters, l.name);
    if (l.kind !== "state") return null;
    for (const name of this.offsets.keys()) if (l.name === gradientOf(name)) return at(this.flat.gradients, name);
    if (l.name === "segments") return whole(this.table);
    return l.name in this.flat ? whole(this.flat[l.name as keyof typeof this.flat]) : null;
  }

  segment(name: string): Segment {
    const found = this.segments.find((s) => s.name === name);
    if (!found) throw new Error(`"${name}" is not trained in this run`);
    return found;
  }

  write(name: string, data: Float32Array, to: "parameters" | "m" | "v" = "parameters"): void {
    const s = this.segment(name);
    this.backend.write({ memory: this.flat[to], offset: s.offset, elements: s.elements }, data);
  }

  read(name: string, from: (typeof FLAT)[number] = "parameters"): Promise<Float32Array> {
    const s = this.segment(name);
    return this.backend.read({ memory: this.flat[from], offset: s.offset, elements: s.elements });
  }

  /** A whole flat buffer; tensors lie in it as their segments say. */
  readFlat(from: "parameters" | "gradients"): Promise<Float32Array> {
    return this.backend.read(whole(this.flat[from]));
  }

  writeFlat(data: Float32Array): void {
    this.backend.write(whole(this.flat.parameters), data);
  }

  /** Inactive tensors keep values, moments and step: clip and AdamW skip them. Writes flags only; steps are advanced on the device. */
  activate(active: (name: string) => boolean): void {
    this.segments.forEach((s, i) =>
      this.backend.write({ memory: this.table, offset: i * WORDS + ACTIVE, elements: 1 }, Uint32Array.of(active(s.name) ? 1 : 0)),
    );
  }

  /** The segment table. Unless given, all tensors are active and have made no step. */
  tableOf(steps?: ArrayLike<number>, active?: ArrayLike<number>): Int32Array {
    const words = new Int32Array(Math.max(1, this.segments.length) * WORDS);
    this.segments.forEach((s, i) => words.set([s.offset, s.elements, active?.[i] ?? 1, steps?.[i] ?? 0, f32Bits(1), f32Bits(this.weightDecay)], i * WORDS));
    return words;
  }

  /** Every tensor's own step, and whether it is active, in a state. */
  countersIn({ segments }: Snapshot): { steps: Int32Array; active: Uint8Array } {
    return {
      steps: Int32Array.from(this.segments, (_, i) => segments[i * WORDS + STEP]),
      active: Uint8Array.from(this.segments, (_, i) => segments[i * WORDS + ACTIVE]),
    };
  }

  /** Which tensors are active in a state. */
  activeIn(state: Snapshot): ReadonlySet<string> {
    return new Set(this.segments.filter((_, i) => state.segments[i * WORDS + ACTIVE] !== 0).map((s) => s.name));
  }

  /** To be called between steps. */
  async snapshot(): Promise<Snapshot> {
    // One after the other: they share one read-back buffer.
    const parameters = await this.backend.readExact(whole(this.flat.parameters));
    const m = await this.backend.readExact(whole(this.flat.m));
    const v = await this.backend.readExact(whole(this.flat.v));
    return { parameters, m, v, segments: await this.backend.readInts(whole(this.table)) };
  }

  restore(s: Snapshot): void {
    const put = (memory: Memory, data: Data): void => this.backend.write(whole(memory), data);
    put(this.flat.parameters, s.parameters);
    put(this.flat.m, s.m);
    put(this.flat.v, s.v);
    put(this.table, s.segments);
    this.backend.fill0(whole(this.flat.gradients));
  }

  clearGradients(): void {
    this.backend.fill0(whole(this.flat.gradients));
  }

  /** Elements of each flat buffer as it lies on the device: one that is empty has some all the same. */
  get flatElements(): number {
    return this.flat.parameters.elements;
  }

  /** Elements of a tensor that shapes pad with zeros are counted too. */
  get bytes(): number {
    return this.elements * 4;
  }

  destroy(): void {
    for (const m of Object.values(this.flat)) m.destroy();
    this.table.destroy();
  }
}
