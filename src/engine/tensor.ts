// tensor.ts — a symbolic value: shape, element type, identity. It holds no data and needs no disposal.

export type DType = "f32" | "i32" | "u32";
export type Shape = readonly number[];

export interface Spec {
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface Tensor extends Spec {
  readonly id: number;
  /** Where it was made: "model.layers.0.self_attn.qkv: linear". Used by explain and in errors. */
  readonly site: string;
}

/** A shape or dtype that does not fit: says what, where, and what to do. */
export class ShapeError extends Error {
  override name = "ShapeError";
}

export const size = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
export const last = (shape: Shape): number => shape[shape.length - 1];
/** Product of all dimensions but the last: the number of rows when a tensor is read as a matrix. */
export const rows = (shape: Shape): number => size(shape.slice(0, -1));
export const spec = (shape: Shape, dtype: DType = "f32"): Spec => ({ shape, dtype });
export const show = (t: Spec): string => `${t.dtype === "f32" ? "" : t.dtype + " "}(${t.shape.join(", ")})`;
/** Smallest multiple of 4 that holds n: ranks, vocabularies and rows are padded to whole vec4s. */
export const pad4 = (n: number): number => (n + 3) & ~3;
