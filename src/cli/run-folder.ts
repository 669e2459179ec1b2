// run-folder.ts — the folder of a run that is trained from a terminal: begun anew, or gone on with from its last checkpoint.

import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { DataError } from "../data/error.ts";
import { blobSource } from "../formats/source.ts";
import type { RunConfig, TrainEvent } from "../protocol.ts";
import { HELD_FILE, folderShelf } from "../session/folder-shelf.ts";
import { Keeper } from "../session/keeper.ts";
import { newRecord, readRecord } from "../session/records.ts";
import type { Shelf } from "../session/shelf.ts";
import { type StoredCheckpoint, readCheckpoint } from "../train/checkpoint.ts";

/** Makes the folder; closing the keeper lets it go. */
export type MakeFolder = () => Promise<Keeper>;

const shelfOf = (folder: string): { shelf: Shelf; id: string } => ({ shelf: folderShelf(dirname(resolve(folder))), id: basename(resolve(folder)) });

async function hold(shelf: Shelf, id: string, where: string, folder: string): Promise<() => void> {
  const release = await shelf.hold(id);
  if (!release)
    throw new DataError(where, "is being trained by another process", `Wait for it, or stop it. If there is none, delete ${join(folder, HELD_FILE)}`);
  return release;
}

/** What a run writes into its folder. */
// prettier-ignore
const WRITTEN = [
  "run.json", "config.json", "events.jsonl", "checkpoints/last.safetensors", "checkpoints/best.safetensors",
  "adapter", "model", "shortcuts.json", "shortcuts.safetensors", "load_shortcuts.py",
  "metrics.csv", "allocation.csv", "ranks.csv", "README.md",
];

/** Of an earlier run in it nothing stays that could pass for the new one's. Throws DataError. */
export async function newFolder(folder: string, config: RunConfig, tell: (e: TrainEvent) => void): Promise<Keeper> {
  const where = `--out ${folder}`;
  const { shelf, id } = shelfOf(folder);
  const record = newRecord(id, id, fromAnywhere(config));
  const earlier = existsSync(join(folder, "run.json")) || existsSync(join(folder, "events.jsonl"));
  const written = earlier ? WRITTEN.map((name) => resolve(folder, name)) : [];
  const lost = sourcesOf(record.config).find((source) => written.some((path) => `${source}${sep}`.startsWith(`file:${path}${sep}`)));
  if (lost) throw new DataError(where, `would overwrite ${lost}, which the run needs`, "Name another folder");
  const release = await hold(shelf, id, where, folder);
  for (const path of written) await rm(path, { recursive: true, force: true });
  await shelf.put(record);
  await writeFile(join(folder, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
  return new Keeper(shelf, record, [], tell, release);
}

const sourcesOf = ({ model, data }: RunConfig): string[] => [model.source, data.source, ...(data.eval_source === null ? [] : [data.eval_source])];

/** Also from another directory its files are these. */
const fromAnywhere = ({ model, data, ...rest }: RunConfig): RunConfig => ({
  ...rest,
  model: { ...model, source: absolute(model.source) },
  data: { ...data, source: absolute(data.source), eval_source: data.eval_source && absolute(data.eval_source) },
});

const absolute = (source: string): string => (source.startsWith("file:") ? `file:${resolve(source.slice("file:".length))}` : source);

/** change: of its configuration. Nothing is written before `open`. Throws DataError, FormatError. */
export async function oldFolder(
  folder: string,
  change: (config: RunConfig, at: number) => RunConfig,
  tell: (e: TrainEvent) => void,
): Promise<{ config: RunConfig; stored: StoredCheckpoint; open: MakeFolder }> {
  const where = `--resume ${folder}`;
  const { shelf, id } = shelfOf(folder);
  const read = readRecord(await shelf.record(id).catch(() => null));
  if (!read) throw new DataError(where, "is no folder of a run (it has no run.json)", "Name the folder that train --out has written");
  if (read.problem) throw new DataError(`${folder}/run.json`, read.problem, "Train anew with its config.json");
  const file = await shelf.read(id, "last");
  if (!file) throw new DataError(where, "has no checkpoint: it ended before its first", "Train anew with its config.json");
  const stored = await readCheckpoint(blobSource(file), `${folder}/checkpoints/last.safetensors`);
  const config = change(read.record.config, stored.step);
  const events = await shelf.events(id);
  if (events.length < stored.events) throw new DataError(`${folder}/events.jsonl`, "is shorter than its checkpoint says", "Train anew with its config.json");
  const { record } = read;
  const open: MakeFolder = async () => {
    const release = await hold(shelf, id, where, folder);
    const log = events.slice(0, stored.events);
    return new Keeper(shelf, { ...record, config }, log, tell, release);
  };
  return { config, stored, open };
}
