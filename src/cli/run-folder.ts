// run-folder.ts — the folder of a run that is trained from a terminal: begun anew, or gone on with from its last checkpoint.

import { resolve, basename, dirname } from "node:path";
import { DataError } from "../data/error.ts";
import { blobSource } from "../formats/source.ts";
import type { RunConfig, TrainEvent } from "../protocol.ts";
import { folderShelf } from "../session/folder-shelf.ts";
import { Keeper } from "../session/keeper.ts";
import { newRecord, readRecord } from "../session/records.ts";
import type { Shelf } from "../session/shelf.ts";
import { type StoredCheckpoint, readCheckpoint } from "../train/checkpoint.ts";

/** Makes the folder; closing the keeper lets it go. */
export type MakeFolder = () => Promise<Keeper>;

const shelfOf = (folder: string): { shelf: Shelf; id: string } => ({ shelf: folderShelf(dirname(resolve(folder))), id: basename(resolve(folder)) });

async function hold(shelf: Shelf, id: string, where: string): Promise<() => void> {
  const release = await shelf.hold(id);
  if (!release) throw new DataError(where, "is being trained by another process", "Wait for it, or stop it");
  return release;
}

/** Throws DataError. */
export async function newFolder(folder: string, config: RunConfig, tell: (e: TrainEvent) => void): Promise<Keeper> {
  const { shelf, id } = shelfOf(folder);
  const release = await hold(shelf, id, `--out ${folder}`);
  const record = newRecord(id, id, { ...config, model: absolute(config.model), data: absolute(config.data) });
  await shelf.put(record);
  return new Keeper(shelf, record, [], tell, release);
}

/** From another directory a file is the same. */
const absolute = <T extends { source: string }>(part: T): T =>
  part.source.startsWith("file:") ? { ...part, source: `file:${resolve(part.source.slice("file:".length))}` } : part;

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
    const release = await hold(shelf, id, where);
    const log = events.slice(0, stored.events);
    await shelf.change(id, { config });
    return new Keeper(shelf, { ...record, config }, log, tell, release);
  };
  return { config, stored, open };
}
