// dtype.ts — safetensors element types: sizes, and conversion of the float ones to f32.
// All arrays are little-endian, as is every machine that has WebGPU.

/** Bytes per element, in the order in which the safetensors library ranks types when it lays out a file. */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;
export type FloatDtype = "F16" | "BF16" | "F32" | "F64";

export const isDtype = (name: string): name is Dtype => Object.hasOwn(DTYPE_BYTES, name);
export const isFloat = (dtype: Dtype): dtype is FloatDtype => dtype === "F16" || dtype === "BF16" || dtype === "F32" || dtype === "F64";

/** bytes of `dtype` → a new Float32Array. F64 is rounded; the others are exact. */
export function toFloat32(bytes: Uint8Array, dtype: FloatDtype): Float32Array<ArrayBuffer> {
  const length = bytes.byteLength / DTYPE_BYTES[dtype];
  const out = new Float32Array(length);
  if (dtype === "F32") {
    new Uint8Array(out.buffer).set(bytes);
  } else if (dtype === "F64") {
    out.set(new Float64Array(...view(bytes, 8)));
  } else {
    const half = new Uint16Array(...view(bytes, 2));
    const bits = new Uint32Array(out.buffer);
    if (dtype === "BF16") {
      for (let i = 0; i < length; i++) bits[i] = half[i] << 16;
    } else {
      const table = halfTable();
      for (let i = 0; i < length; i++) bits[i] = table[half[i]];
    }
  }
  return out;
}

/** Arguments of a typed-array constructor over `bytes`, copied only when they lie unaligned. */
function view(bytes: Uint8Array, width: number): [ArrayBufferLike, number, number] {
  const source = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  return [source.buffer, source.byteOffset, source.byteLength / width];
}

let table: Uint32Array | undefined;

/** f32 bits of each of the 65,536 half floats (256 KiB, made once). */
function halfTable(): Uint32Array {
  if (table) return table;
  table = new Uint32Array(1 << 16);
  const value = new Float32Array(1);
  const bits = new Uint32Array(value.buffer);
  for (let h = 0; h < 1 << 16; h++) {
    const sign = h & 0x8000 ? 0x80000000 : 0;
    const exponent = (h >> 10) & 0x1f;
    const fraction = h & 0x3ff;
    if (exponent === 0x1f) table[h] = sign | 0x7f800000 | (fraction << 13);
    else if (exponent > 0) table[h] = sign | ((exponent + 112) << 23) | (fraction << 13);
    else {
      value[0] = fraction * 2 ** -24;
      table[h] = sign | bits[0];
    }
  }
  return table;
}
