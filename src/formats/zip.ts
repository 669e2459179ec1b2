// zip.ts — a folder as one zip file. Weights are stored, text is deflated. Reading: zip-read.ts.

import { strToU8, zipSync, type Zippable } from "fflate";
import { FormatError } from "./error.ts";
import { count } from "./source.ts";
import { checkPath } from "./zip-path.ts";

export { readZip, type ZipLimits } from "./zip-read.ts";

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
