// folder.ts — a model's folder, wherever it lies: on the hub, beside the page, on disk, or dropped by the visitor.

import { blobSource, type ByteSource } from "../formats/source.ts";
import type { GivenFile } from "../protocol.ts";

/** Sub-folders are not looked into. */
export interface Folder {
  /** For messages: "bundled:tales-3m". */
  where: string;
  /** Commit or branch, where there is one. */
  revision: string | null;
  /** File names; absent where the folder cannot be listed. */
  names?(): Promise<string[]>;
  /** null: no such file. */
  open(name: string): Promise<ByteSource | null>;
}

/** Dropped files may come with the path of the folder they lay in: the part after the last slash counts. */
export function givenFolder(name: string, files: readonly GivenFile[]): Folder {
  const byName = new Map(files.map((file) => [file.name.slice(file.name.lastIndexOf("/") + 1), file.bytes]));
  return {
    where: `file:${name}`,
    revision: null,
    names: async () => [...byName.keys()],
    open: async (file) => (byName.has(file) ? blobSource(byName.get(file)!) : null),
  };
}
