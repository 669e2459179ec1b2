// safetensors-write.ts — tensors → the bytes of a safetensors file, laid out as the safetensors library does.

import { DTYPE_BYTES, type Dtype } from "./dtype.ts";
import { FormatError } from "./error.ts";

export interface TensorData {
  name: string;
  shape: readonly number[];
  data: Float32Array | Float64Array | Int32Array | Uint32Array | BigInt64Array | Uint16Array | Uint8Array;
  /** Needed where the array's type does not say it: F16 and BF16 as Uint16Array, BOOL as Uint8Array. */
  dtype?: Dtype;
}

function dtypeOf(data: TensorData["data"]): Dtype {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof Uint32Array) return "U32";
  if (data instanceof BigInt64Array) return "I64";
  return data instanceof Uint16Array ? "U16" : "U8";
}

/**
 * Wide types first (so that all are aligned), then by name; the header padded to 8 bytes.
 * Throws FormatError on a shape that does not fit its data and on a name given twice.
 */
export function writeSafetensors(tensors: readonly TensorData[], metadata?: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const rank = Object.keys(DTYPE_BYTES);
  const sorted = tensors
    .map((t) => ({ ...t, dtype: t.dtype ?? dtypeOf(t.data) }))
    .sort((a, b) => rank.indexOf(b.dtype) - rank.indexOf(a.dtype) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const entries: string[] = metadata && Object.keys(metadata).length > 0 ? [`"__metadata__":${JSON.stringify(metadata)}`] : [];
  const names = new Set(["__metadata__"]);
  let offset = 0;
  for (const { name, dtype, shape, data } of sorted) {
    const bytes = shape.reduce((product, n) => product * n, DTYPE_BYTES[dtype]);
    if (bytes !== data.byteLength) {
      throw new FormatError(
        `tensor ${JSON.stringify(name)}`,
        `${dtype} of shape [${shape.join(", ")}] takes ${bytes} bytes, its data has ${data.byteLength}`,
        "Check its shape",
      );
    }
    if (names.has(name)) throw new FormatError(`tensor ${JSON.stringify(name)}`, "cannot be written: the name is taken", "Rename it");
    names.add(name);
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, offset + bytes] })}`);
    offset += bytes;
  }
  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  const length = Math.ceil(json.byteLength / 8) * 8;
  const file = new Uint8Array(8 + length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(json, 8);
  file.fill(0x20, 8 + json.byteLength, 8 + length);
  let at = 8 + length;
  for (const { data } of sorted) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}
