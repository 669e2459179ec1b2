// op.ts — all the engine knows of one operation: shape rule, gradient rule, dispatch rule, float64 reference.
// One op = one file in src/ops, its WGSL beside it. Calling the op appends a node to the current trace.

import type { Kernel } from "./kernel.ts";
import type { NdArray } from "./reference/nd-array.ts";
import type { Spec, Tensor } from "./tensor.ts";
import type { OnnxBuilder } from "./wasm/onnx-builder.ts";

/** Inputs, outputs and attributes of one node. */
export interface Io<A> {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attrs: A;
}

/** What a lowering may choose by. `cpu`: a software rasteriser, where barriers are dear and compile time is long. */
export interface Target {
  readonly class: "gpu" | "cpu";
  readonly maxStorageBufferBindingSize: number;
}

/** One kernel launch. `args` follow the kernel's bindings 1, 2, … in order; binding 0 is the `Dims` uniform, filled from `dims` by field name. */
export interface Dispatch {
  readonly kernel: Kernel;
  readonly dims: Readonly<Record<string, number | readonly number[]>>;
  readonly args: readonly Tensor[];
  /** Workgroups in x, y, z. */
  readonly grid: readonly [number, number, number];
  /** Multiply-adds × 2, for the time slices and for bench; 0 where memory-bound. */
  readonly flops?: number;
}

export interface OpRule<A> {
  readonly name: string;
  /** Output specs; throws ShapeError naming shapes and a hint. Scratch buffers of a multi-dispatch op are outputs nobody reads. */
  infer(inputs: readonly Spec[], attrs: A): readonly Spec[];
  /** Cotangents of the inputs, built from other ops; `dy[i]` is null when nothing depends on output i. `needs[i]`: input i's cotangent is wanted. */
  vjp?(dy: readonly (Tensor | null)[], io: Io<A>, needs: readonly boolean[]): readonly (Tensor | null)[];
  /** Output 0 is input 0 with another shape: no launch, no memory. */
  readonly view?: true;
  /** WebGPU launches, in order. */
  lower(io: Io<A>, target: Target): readonly Dispatch[];
  /** ONNX nodes, for the wasm backend and for export: reads `to.of(input)`, gives every output that is read a value with `to.set`. */
  onnx?(io: Io<A>, to: OnnxBuilder): void;
  /** The definition of correct, in float64. */
  ref(inputs: readonly NdArray[], attrs: A): readonly NdArray[];
  /** Pairs [i, j]: output i is written over input j's memory (one `read_write` binding, given once, as the output). A leaf given here is updated for
   *  good: parameters, moments, caches. A temporary that is still needed afterwards is copied first. */
  inPlace?(attrs: A, inputs: number): readonly (readonly [output: number, input: number])[];
  /** The attrs under which the op takes one more, last input of output 0's shape and adds it to output 0; null if it cannot. "read": a binding of its
   *  own; "inPlace": output 0 += (the op's inPlace must then say so). Lets a sum be folded into its producer. */
  withAddend?(attrs: A, how: "read" | "inPlace"): A | null;
}
