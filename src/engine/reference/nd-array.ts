// nd-array.ts — a dense array for the float64 reference: what every op is defined by.

import { type DType, type Shape, size } from "../tensor.ts";

export interface NdArray {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Row-major. Float64 for f32, so that the reference is far more exact than what it judges. */
  readonly data: Float64Array | Int32Array | Uint32Array;
}

export const nd = (shape: Shape, data?: ArrayLike<number>): NdArray => ({
  shape,
  dtype: "f32",
  data: data ? Float64Array.from(data) : new Float64Array(size(shape)),
});
export const ndInt = (shape: Shape, data?: ArrayLike<number>): NdArray => ({
  shape,
  dtype: "i32",
  data: data ? Int32Array.from(data) : new Int32Array(size(shape)),
});
export const ndUint = (shape: Shape, data?: ArrayLike<number>): NdArray => ({
  shape,
  dtype: "u32",
  data: data ? Uint32Array.from(data) : new Uint32Array(size(shape)),
});
