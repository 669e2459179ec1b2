// given-files.ts — files the visitor gave that a kept run or comparison needs: copied into the origin's private file system, so that it goes on after a
// reload without being given them again. For a worker.

import type { GivenFile } from "../protocol.ts";
import { writeFile } from "./browser-shelf.ts";

const FOLDER = "given";

/** No name of a folder there may hold a slash, or be "." or "..". */
const safe = (name: string): string => `_${encodeURIComponent(name)}`;

const folderOf = async (create = false): Promise<FileSystemDirectoryHandle> => (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create });

/** In place of what was kept under this name. Throws where there is no room; then nothing is kept under it. */
export async function keepGiven(name: string, files: readonly GivenFile[]): Promise<void> {
  const root = await folderOf(true);
  await root.removeEntry(safe(name), { recursive: true }).catch(() => {});
  try {
    const folder = await root.getDirectoryHandle(safe(name), { create: true });
    for (const file of files) await writeFile(folder, safe(file.name), file.bytes);
  } catch (e) {
    await root.removeEntry(safe(name), { recursive: true }).catch(() => {});
    throw e;
  }
}

/** null: nothing is kept under this name. */
export async function findGiven(name: string): Promise<GivenFile[] | null> {
  try {
    const folder = await (await folderOf()).getDirectoryHandle(safe(name));
    const files: GivenFile[] = [];
    for await (const handle of folder.values())
      if (handle.kind === "file") files.push({ name: decodeURIComponent(handle.name.slice(1)), bytes: await (handle as FileSystemFileHandle).getFile() });
    return files.length ? files : null;
  } catch {
    return null; // no such folder, or storage is closed to the page
  }
}

/** Only what is needed stays. */
export async function sweepGiven(needed: ReadonlySet<string>): Promise<void> {
  const keep = new Set([...needed].map(safe));
  const root = await folderOf();
  for await (const name of root.keys()) if (!keep.has(name)) await root.removeEntry(name, { recursive: true }).catch(() => {});
}
