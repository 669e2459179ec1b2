// merged.ts — the folder of a run that train wrote, on a device again, with its adapter merged into its model.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isShortcut } from "../adapters/shortcut.ts";
import { DataError } from "../data/error.ts";
import { SHORTCUTS_FILE } from "../formats/shortcuts.ts";
import type { RunConfig } from "../protocol.ts";
import { mergedFiles } from "../session/export.ts";
import type { Files, Opened } from "../session/export-weights.ts";
import { readEvents } from "../session/read-events.ts";
import { readRecord } from "../session/records.ts";
import { Run } from "../train/run.ts";
import { targetOfAdapter } from "../train/subject.ts";
import type { Args } from "./command.ts";
import { backendName, openBackend, openModel, openRun, openTrained, readConfig, readJson, within } from "./place.ts";

/** Throws DataError, FormatError: no run, a model that is not there any more, shortcuts. */
export async function exportMerged(folder: string, args: Args): Promise<Files> {
  if (existsSync(join(folder, "model", "model.safetensors")))
    throw new DataError(folder, "has no adapter to merge: its weights were trained themselves", `Take ${join(folder, "model")}, which from_pretrained opens`);
  if (!existsSync(join(folder, "adapter")) && !existsSync(join(folder, SHORTCUTS_FILE)))
    throw new DataError(folder, "is no folder of a run that has an adapter", "Name a folder that train --out wrote");
  const config = await configOf(folder, args);
  const trained = await openTrained(existsSync(join(folder, SHORTCUTS_FILE)) ? folder : join(folder, "adapter"));
  const cuts = [...trained.modules.keys()].filter(isShortcut).length;
  if (trained.form)
    throw new DataError(
      folder,
      `has ${cuts} trained shortcuts, which belong to no weight of the model and cannot be merged`,
      "Take the run's folder as it is, with load_shortcuts.py",
    );
  // A classifier's classes have names that only its data tells.
  const model: Opened = config.model.task === "classification" ? await openRun(config, folder) : await openModel(config.model.source);
  const target = await within(folder, () => targetOfAdapter(model.base, trained));
  const { backend } = await openBackend(config.backend);
  const run = await Run.create({ backend, target, checkpoint: model.checkpoint, maxTokens: 8, weightDecay: 0, seed: 0 });
  run.load(trained);
  const log = join(folder, "events.jsonl");
  const events = existsSync(log) ? readEvents(await readFile(log), log) : [];
  const tell = process.stderr.isTTY ? (done: number, total: number) => process.stderr.write(`\rmerging ${Math.round((100 * done) / total)} %`) : () => {};
  const files = (await mergedFiles(run, model, config, events, { progress: tell }))!;
  if (process.stderr.isTTY) process.stderr.write("\n");
  run.destroy();
  backend.destroy();
  return files;
}

/** run.json names files as they are found from anywhere; config.json, which older folders and exports of the page have alone, as they were named. */
async function configOf(folder: string, args: Args): Promise<RunConfig> {
  const file = join(folder, "run.json");
  if (!existsSync(file)) return readConfig(join(folder, "config.json"), args);
  const read = readRecord(await readJson(file, "run.json", "run.json of a folder that train --out wrote"));
  if (!read || read.problem) throw new DataError(file, read?.problem ?? "is no record of a run", "Train anew with its config.json");
  const { config } = read.record;
  return { ...config, backend: backendName(args) ?? config.backend };
}
