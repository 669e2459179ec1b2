// zip.ts — a folder as one zip file and back. Weights are stored, text is deflated.
// A zip from a stranger is checked entry by entry (path, sizes, number) before anything is inflated.

import { unzipSync, zipSync, strToU8, type Zippable } from "fflate";
import { FormatError } from "./error.ts";
import { count } from "./source.ts";

const STORED = /\.(safetensors|zip|png|jpg|gz)$/;
/** A zip without its 64-bit extension holds 4 GiB. */
const ZIP_LIMIT = 2 ** 32 - 1;

/** Paths ("adapter/adapter_config.json") → contents, as a zip. Throws FormatError for an unsafe path or above 4 GiB. */
export function zipFolder(files: Readonly<Record<string, Uint8Array | string>>, modified = new Date()): Uint8Array<ArrayBuffer> {
  const entries: Zippable = {};
  let total = 0;
  for (const [path, content] of Object.entries(files)) {
    checkPath(path, "zip");
    const bytes = typeof content === "string" ? strToU8(content) : content;
    total += bytes.byteLength;
    entries[path] = [bytes, { level: STORED.test(path) ? 0 : 6, mtime: modified }];
  }
  if (total > ZIP_LIMIT) throw new FormatError("zip", `${count(total)} bytes are more than a zip file can hold`, "Save the weights as a file of their own");
  return zipSync(entries) as Uint8Array<ArrayBuffer>;
}

export interface ZipLimits {
  /** Files. */
  files: number;
  /** Sum of the inflated sizes. */
  bytes: number;
}

/** Files of a zip by path; folders are left out. Throws FormatError: broken, unsafe paths, one path twice, or above `limits`. */
export function readZip(bytes: Uint8Array, limits: ZipLimits = { files: 10_000, bytes: 2 ** 30 }, file = "zip"): Map<string, Uint8Array<ArrayBuffer>> {
  const sizes = new Map<string, number>();
  let total = 0;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter({ name, originalSize, size, compression }) {
        if (name.endsWith("/")) return false;
        checkPath(name, file);
        if (sizes.has(name)) throw new FormatError(file, `holds ${JSON.stringify(name)} twice`, "Make the zip again");
        sizes.set(name, originalSize);
        total += originalSize;
        if (sizes.size > limits.files) throw new FormatError(file, `holds more than ${count(limits.files)} files`, "Is it an exported run?");
        if (total > limits.bytes) throw new FormatError(file, `inflates to more than ${count(limits.bytes)} bytes`, "Is it an exported run?");
        if (compression === 0 ? size !== originalSize : compression !== 8)
          throw new FormatError(file, `${JSON.stringify(name)} is packed in an unknown way`, "Make the zip again");
        return true;
      },
    });
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(file, `is not a readable zip (${cause instanceof Error ? cause.message : String(cause)})`, "Download or export it again");
  }
  const out = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, size] of sizes) {
    const content = files[name];
    if (content?.byteLength !== size) throw new FormatError(file, `${JSON.stringify(name)} is not as long as the zip says`, "Download or export it again");
    out.set(name, content as Uint8Array<ArrayBuffer>);
  }
  return out;
}

/** Only relative paths of plain names: nothing that could leave the folder it is unpacked in. */
function checkPath(path: string, file: string): void {
  const parts = path.split("/");
  const safe = path.length <= 500 && !/[\\:\0]/.test(path) && parts.every((part) => part !== "" && part !== "." && part !== ".." && part !== "__proto__");
  if (!safe) throw new FormatError(file, `${JSON.stringify(path.slice(0, 100))} is not a safe path`, "Make the zip again with plain relative paths");
}
