// safetensors-header.ts — what a safetensors file holds: u64 header length, JSON header, then the tensors without gaps.
// A file from a stranger is believed only after its whole header was checked against its size. https://github.com/huggingface/safetensors

import { DTYPE_BYTES, isDtype, type Dtype } from "./dtype.ts";
import { FormatError } from "./error.ts";
import { count, isObject, parseJsonObject, readRange, type ByteSource } from "./source.ts";

export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Bytes [begin, end) of the file. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

const HEADER_LIMIT = 100_000_000;
const AGAIN = "Download the file again";
const CONVERT = "Convert it with the safetensors library";

/** Reads and checks the header; the tensors are not touched. Throws FormatError. */
export async function readSafetensorsHeader(source: ByteSource, file: string): Promise<SafetensorsHeader> {
  if (source.size < 10) throw new FormatError(file, `is ${source.size} bytes long, too short for a safetensors file`, AGAIN);
  const head = await readRange(source, 0, 8, file);
  if (new TextDecoder().decode(head) === "version ") {
    throw new FormatError(file, "is a Git LFS pointer, not the weights", 'Run "git lfs pull" in its folder, or download the file from its page');
  }
  const length = Number(new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true));
  if (length > HEADER_LIMIT)
    throw new FormatError(file, `says its header has ${count(length)} bytes (limit ${count(HEADER_LIMIT)})`, "Is it a safetensors file?");
  if (length < 2) throw new FormatError(file, `says its header has ${length} bytes`, "Is it a safetensors file?");
  const start = 8 + length;
  if (start > source.size) {
    throw new FormatError(file, `is ${count(start - source.size)} bytes shorter than its header alone`, AGAIN);
  }
  const json = parseJsonObject(await readRange(source, 8, start, file), `${file}, header`);
  const metadata = readMetadata(json["__metadata__"], file);
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(json)) {
    if (name !== "__metadata__") tensors.set(name, readEntry(value, name, start, `${file}, tensor ${JSON.stringify(name)}`));
  }
  checkLayout([...tensors.values()], start, source.size, file);
  return { metadata, tensors };
}

function readMetadata(value: unknown, file: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) throw new FormatError(`${file}, __metadata__`, "is not an object", CONVERT);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw new FormatError(`${file}, __metadata__`, `${JSON.stringify(key)} is not a string`, CONVERT);
  }
  return value as Record<string, string>;
}

const isSize = (n: unknown): n is number => typeof n === "number" && Number.isSafeInteger(n) && n >= 0;

function readEntry(value: unknown, name: string, start: number, where: string): TensorEntry {
  if (!isObject(value)) throw new FormatError(where, "is not an object with dtype, shape and data_offsets", AGAIN);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !isDtype(dtype)) {
    throw new FormatError(
      where,
      `has the unknown dtype ${JSON.stringify(dtype)} (known: ${Object.keys(DTYPE_BYTES).join(", ")})`,
      "Save the model as F32, F16 or BF16",
    );
  }
  if (!Array.isArray(shape) || !shape.every(isSize)) throw new FormatError(where, `shape ${brief(shape)} is not a list of sizes`, AGAIN);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize) || offsets[0] > offsets[1]) {
    throw new FormatError(where, `data_offsets ${brief(offsets)} are not [begin, end] with 0 ≤ begin ≤ end`, AGAIN);
  }
  const bytes = shape.includes(0) ? 0 : shape.reduce<number>((product, n: number) => product * n, DTYPE_BYTES[dtype]);
  if (!Number.isSafeInteger(bytes)) throw new FormatError(where, `shape ${brief(shape)} is larger than any file`, AGAIN);
  const [begin, end] = offsets as [number, number];
  if (end - begin !== bytes) {
    throw new FormatError(where, `${dtype} of shape ${brief(shape)} takes ${count(bytes)} bytes, data_offsets span ${count(end - begin)}`, AGAIN);
  }
  return { name, dtype, shape, begin: start + begin, end: start + end };
}

/** The tensors must fill the file from the header to its end: no gap, no overlap, nothing missing, nothing behind. */
function checkLayout(tensors: TensorEntry[], start: number, size: number, file: string): void {
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = start;
  let before = "the header";
  for (const { name, begin, end } of tensors) {
    const where = `${file}, tensor ${JSON.stringify(name)}`;
    if (begin < at) throw new FormatError(where, `begins ${count(at - begin)} bytes before ${before} ends: they overlap`, AGAIN);
    if (begin > at) throw new FormatError(where, `begins ${count(begin - at)} bytes after ${before} ends: a gap`, AGAIN);
    at = end;
    before = `tensor ${JSON.stringify(name)}`;
  }
  if (at > size) throw new FormatError(file, `is ${count(at - size)} bytes shorter than its header says`, AGAIN);
  if (at < size) throw new FormatError(file, `is ${count(size - at)} bytes longer than its header says`, AGAIN);
}

/** A value of the header in an error message, cut to a readable length. */
function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
