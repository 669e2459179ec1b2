// tiny-folder.ts — a model folder and a data file as a session opens them, in memory: the command line's tiny model.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskFolder } from "../../src/session/disk.ts";
import type { LoadContext } from "../../src/session/load.ts";
import { makeModel, rows } from "../cli/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-tiny-"));
makeModel(folder);
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** `file:model`, `file:rows.jsonl`. */
export const tinyContext: LoadContext = {
  bundled: async () => null,
  disk: async (name) => (name === "model" ? diskFolder(folder, "file:model") : null),
  dataFile: async (name) => (name === "rows.jsonl" ? new Blob([rows.join("\n")]) : null),
};
