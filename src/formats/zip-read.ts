// zip-read.ts — a zip from a stranger: its directory is checked entry by entry (path, sizes, number) before anything is inflated, and
// every file against its CRC-32 after. No encryption, no parts, no 64-bit extension. Format: PKWARE APPNOTE 6.3.

import { inflateSync } from "fflate";
import { FormatError } from "./error.ts";
import { count } from "./source.ts";
import { checkPath } from "./zip-path.ts";

export interface ZipLimits {
  /** Files. */
  files: number;
  /** Sum of the inflated sizes of those that are wanted. */
  bytes: number;
}

type Wanted = (path: string) => boolean;

interface Entry {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly header: number;
}

const AGAIN = "Download or export it again";

const LIMITS: ZipLimits = { files: 10_000, bytes: 2 ** 30 };

/** Files of a zip by path, those that are wanted; folders are left out. Throws FormatError: broken, unsafe paths, one path twice, or above `limits`. */
export function readZip(bytes: Uint8Array, limits = LIMITS, file = "zip", wanted: Wanted = () => true): Map<string, Uint8Array<ArrayBuffer>> {
  try {
    return new Map(directory(bytes, limits, file, wanted).map((entry) => [entry.path, unpack(bytes, entry, file)]));
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(file, `is not a readable zip (${cause instanceof Error ? cause.message : String(cause)})`, AGAIN);
  }
}

/** The central directory, checked. A read beyond the end throws RangeError, which readZip names. */
function directory(bytes: Uint8Array, limits: ZipLimits, file: string, wanted: Wanted): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && end > bytes.length - 22 - 65_536 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50) throw new FormatError(file, "is not a zip, or its end is missing", AGAIN);
  const entries = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (entries === 0xffff || at === 0xffffffff) throw new FormatError(file, "uses the 64-bit form of zip, which is not read here", "Make a zip below 4 GiB");
  if (entries > limits.files) throw new FormatError(file, `holds more than ${count(limits.files)} files`, "Is it an exported run?");

  const paths = new Set<string>();
  const found: Entry[] = [];
  let total = 0;
  for (let i = 0; i < entries; i++) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new FormatError(file, `entry ${i + 1} of its directory is broken`, AGAIN);
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const path = new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(at + 46, at + 46 + nameLength));
    const entry = {
      path,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      header: view.getUint32(at + 42, true),
    };
    const encrypted = view.getUint16(at + 8, true) & 1;
    at += 46 + nameLength + extra + comment;
    if (path.endsWith("/")) continue;
    checkPath(path, file);
    if (paths.has(path)) throw new FormatError(file, `holds ${JSON.stringify(path)} twice`, "Make the zip again");
    paths.add(path);
    if (!wanted(path)) continue;
    if (encrypted || (entry.method !== 0 && entry.method !== 8))
      throw new FormatError(file, `${JSON.stringify(path)} is encrypted or packed in an unknown way`, "Make a plain zip");
    total += entry.size;
    if (total > limits.bytes) throw new FormatError(file, `inflates to more than ${count(limits.bytes)} bytes`, "Is it an exported run?");
    found.push(entry);
  }
  return found;
}

function unpack(bytes: Uint8Array, { path, method, crc, packed, size, header }: Entry, file: string): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  const data = bytes.subarray(begin, begin + packed);
  // One byte of room more than promised shows a file that is longer.
  const content = method === 0 ? data.slice() : inflateSync(data, { out: new Uint8Array(size + 1) });
  if (content.length !== size || crc32(content) !== crc) throw new FormatError(file, `${JSON.stringify(path)} is damaged: length or checksum is wrong`, AGAIN);
  return content as Uint8Array<ArrayBuffer>;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
