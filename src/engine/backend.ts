// backend.ts — what a place to compute must offer. WebGPU, ONNX Runtime's wasm and the float64 reference all do.

import type { Graph, Leaf } from "./graph.ts";

export type Data = Float32Array | Float64Array | Int32Array | Uint32Array;

/** Values of f32 as a backend holds them: float64 on the reference. */
export type Exact = Float32Array | Float64Array;

/** Memory on the device, in 4-byte elements. Zero when made. */
export interface Memory {
  readonly elements: number;
  readonly label: string;
  destroy(): void;
}

/** `elements` elements of `memory` from `offset` on. Offsets that plans bind are multiples of 64 elements (256 bytes). */
export interface Range {
  readonly memory: Memory;
  readonly offset: number;
  readonly elements: number;
}

/** A compiled graph. Nothing is created by replaying it. */
export interface Plan {
  readonly name: string;
  /** Launches per replay; 0 on backends without. */
  readonly dispatches: number;
  readonly captures: ReadonlyMap<string, Range>;
  /** Bytes of each slot it needs of the shared pool; empty on backends without. */
  readonly slots: readonly number[];
  /** One line per launch: op, shapes, slot, bytes, call site. */
  explain(): string[];
  destroy(): void;
}

export interface Backend {
  readonly name: "webgpu" | "wasm" | "reference";
  /** Device, in words. */
  readonly adapter: string;
  memory(elements: number, label: string): Memory;
  /** float64 is rounded where memory is f32. */
  write(to: Range, data: Data): void;
  /** Waits for the work queued before. f32 unless asked for otherwise. */
  read(from: Range): Promise<Float32Array>;
  readInts(from: Range): Promise<Int32Array>;
  /** What `write` brings back bit for bit. */
  readExact(from: Range): Promise<Exact>;
  copy(from: Range, to: Range): void;
  fill0(range: Range): void;
  /** Lays out, lowers and prepares; `place` gives the memory of every leaf. Progress counts pipelines. */
  compile(name: string, graph: Graph, place: (leaf: Leaf) => Range, progress?: (done: number, total: number) => void): Promise<Plan>;
  /** Queues one replay; resolves when there is room for more work, not when it is done. `cancelled` is asked between slices; true when cut short. */
  run(plan: Plan, cancelled?: () => boolean): Promise<boolean>;
  /** Resolves when everything queued is done. */
  idle(): Promise<void>;
  /** Distinct pipelines made so far. */
  readonly pipelines: number;
  /** Milliseconds spent so far in encoding and submitting replays, waits left out; undefined where there is nothing to submit to. */
  readonly encodeMs?: number;
  destroy(): void;
}

export const whole = (memory: Memory): Range => ({ memory, offset: 0, elements: memory.elements });
/** Elements rounded up so that the next range starts at a bindable offset. */
export const aligned = (elements: number): number => Math.ceil(elements / 64) * 64;
