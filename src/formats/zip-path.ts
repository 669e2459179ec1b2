// zip-path.ts — which paths a zip may hold: relative, of plain names, nothing that could leave the folder it is unpacked in.

import { FormatError } from "./error.ts";

/** Throws FormatError. `file` names the zip. */
export function checkPath(path: string, file: string): void {
  const plain = (part: string): boolean => part !== "" && part !== "." && part !== ".." && part !== "__proto__";
  if (path.length <= 500 && !/[\\:\0]/.test(path) && path.split("/").every(plain)) return;
  throw new FormatError(file, `${JSON.stringify(path.slice(0, 100))} is not a safe path`, "Make the zip again with plain relative paths");
}
