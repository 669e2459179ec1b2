// disk.ts — Node only: a folder on disk as a source of models. Files are opened lazily and read by ranges.

import { openAsBlob } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../data/error.ts";
import { blobSource } from "../formats/source.ts";
import type { Folder } from "./folder.ts";

/** null: there is no such folder. `where` names it in messages. */
export async function diskFolder(path: string, where = `file:${path}`): Promise<Folder | null> {
  const info = await stat(path).catch(() => null);
  if (!info?.isDirectory()) return null;
  return {
    where,
    revision: null,
    names: () => readdir(path),
    async open(name) {
      const file = join(path, name);
      const found = await stat(file).catch(() => null);
      return found?.isFile() ? blobSource(await openAsBlob(file)) : null;
    },
  };
}

/** The bytes of a small file. Throws DataError. */
export async function diskFile(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new DataError(`file:${path}`, `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`, "Check the path");
  }
}

/** A data file, which may be large: it is opened, and read as it is needed. Throws DataError. */
export async function diskData(path: string): Promise<Blob> {
  try {
    if (!(await stat(path)).isFile()) throw new Error("is no file");
    return await openAsBlob(path);
  } catch (cause) {
    throw new DataError(`file:${path}`, `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`, "Check the path");
  }
}
