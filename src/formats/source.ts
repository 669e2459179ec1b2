// source.ts — a file that is read by ranges, so that no format ever holds a whole model in memory.
// In Node: `blobSource(await fs.openAsBlob(path))`.

import { FormatError } from "./error.ts";

export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** Bytes [begin, end), end ≤ size. The array may be a view of memory that the source keeps: do not write to it. */
  read(begin: number, end: number): Promise<Uint8Array>;
}

export function blobSource(blob: Blob): ByteSource {
  return { size: blob.size, read: async (begin, end) => new Uint8Array(await blob.slice(begin, end).arrayBuffer()) };
}

export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.byteLength, read: async (begin, end) => bytes.subarray(begin, end) };
}

/** A range of `source`. Throws FormatError where the file cannot be read or gives fewer bytes than it promised. */
export async function readRange(source: ByteSource, begin: number, end: number, where: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await source.read(begin, end);
  } catch (cause) {
    throw new FormatError(where, `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`, "Was the file moved or changed? Open it again");
  }
  if (bytes.byteLength !== end - begin) {
    throw new FormatError(where, `gave ${count(bytes.byteLength)} bytes where ${count(end - begin)} were asked for`, "Was the file changed? Open it again");
  }
  return bytes;
}

/** The whole of a small text file, as JSON that is an object. `limit` in bytes. */
export async function readJsonObject(source: ByteSource, file: string, limit: number): Promise<Record<string, unknown>> {
  if (source.size > limit)
    throw new FormatError(file, `${count(source.size)} bytes are too many for this file (limit ${count(limit)})`, "Is this the right file?");
  return parseJsonObject(await readRange(source, 0, source.size, file), file);
}

/** UTF-8 bytes → JSON object. Throws FormatError for anything else. */
export function parseJsonObject(bytes: Uint8Array, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FormatError(where, `is not JSON text (${cause instanceof Error ? cause.message : String(cause)})`, "Download the file again");
  }
  if (!isObject(value)) throw new FormatError(where, "is JSON, but not an object", "Download the file again");
  return value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** 1234567 → "1,234,567". */
export function count(n: number): string {
  return n.toLocaleString("en-US");
}
