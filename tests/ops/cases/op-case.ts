// op-case.ts — one example of an op, for the standing tests: gradient = central differences, kernel = reference.

import { type NdArray, nd, ndInt } from "../../../src/engine/reference/nd-array.ts";
import { type Shape, type Tensor, size } from "../../../src/engine/tensor.ts";

export interface OpCase {
  name: string;
  inputs: Record<string, NdArray>;
  /** Traces the op and returns its outputs. */
  build(t: Record<string, Tensor>): Tensor[];
  /** Float inputs whose cotangents are checked. */
  wrt: string[];
  /** Largest max|kernel − ref| / max|ref|; 1e-5 unless given. */
  tolerance?: number;
}

/** Numbers in [−1, 1), the same on every machine. */
export function noise(shape: Shape, seed = 1): NdArray {
  let state = seed >>> 0;
  return nd(
    shape,
    Array.from({ length: size(shape) }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.fround(state / 2 ** 31 - 1);
    }),
  );
}

export const ints = (shape: Shape, below: number, seed = 1): NdArray =>
  ndInt(
    shape,
    noise(shape, seed).data.map((v) => Math.floor(((v + 1) / 2) * below)),
  );
