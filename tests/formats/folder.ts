// folder.ts — a folder on disk as the name → source map that the readers take.
import { openAsBlob, readdirSync } from "node:fs";
import { join } from "node:path";
import { blobSource, type ByteSource } from "../../src/formats/source.ts";

export const GOLDEN = new URL("../golden/cases/", import.meta.url).pathname;
export const TALES = new URL("../../public/models/tales-3m/", import.meta.url).pathname;

export async function folder(path: string): Promise<Map<string, ByteSource>> {
  const files = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(await Promise.all(files.map(async ({ name }) => [name, blobSource(await openAsBlob(join(path, name)))] as const)));
}
