// library.ts — the kept runs: listed, renamed, copied, deleted and taken back, carried out of this browser and in. Nothing here trains.

import { blobSource } from "../formats/safetensors.ts";
import { ConfigError } from "../models/model.ts";
import type { ExportedFile, Problem, RunConfig, TrainEvent } from "../protocol.ts";
import type { KeptRun, KeptRuns, RunRecord } from "../protocol/runs.ts";
import { type StoredCheckpoint, readCheckpoint } from "../train/checkpoint.ts";
import { readable } from "../train/config.ts";
import { Keeper } from "./keeper.ts";
import { problemOf } from "./problem.ts";
import { LONGEST, lostStart, newRecord, readRecord, tagsOf } from "./records.ts";
import { copyName, runName } from "./run-names.ts";
import { type RunParts, plainName, unzipRuns, zipRuns } from "./run-zip.ts";
import { type Shelf, type Which, memoryShelf } from "./shelf.ts";

/** A deleted run can be taken back for so long after a new start of the page. */
const SWEEP_MS = 10 * 60_000;

type Problems = { problems: Problem[] };

/** A run as it is kept. */
export interface Reopened {
  record: RunRecord;
  /** null: it ended before its first state was kept. */
  stored: StoredCheckpoint | null;
  /** The log up to that state. */
  log: TrainEvent[];
}

export class RunLibrary {
  private readonly here = new Set<string>();
  private opened: Promise<Shelf> | null = null;

  constructor(private readonly open: () => Promise<Shelf>) {}

  private shelf(): Promise<Shelf> {
    return (this.opened ??= this.open().then(async (shelf) => {
      const old = (await list(shelf)).filter(({ record: { deleted } }) => deleted !== undefined && Date.now() - deleted > SWEEP_MS);
      const held = await shelf.held();
      for (const { record } of old) if (!held.has(record.id)) await shelf.remove(record.id);
      return shelf;
    }));
  }

  async runs(): Promise<KeptRuns> {
    const shelf = await this.shelf();
    const [held, room, all] = [await shelf.held(), await shelf.room(), await list(shelf)];
    const runs = all.map(({ record, problem }): KeptRun => {
      const holder = this.here.has(record.id) ? "here" : held.has(record.id) ? "elsewhere" : null;
      const why = problem ?? (holder ? undefined : lostStart(record));
      return { ...record, ...(problem ? { config: readable(record.config) } : {}), holder, ...(why ? { problem: why } : {}) };
    });
    return { runs: runs.sort((a, b) => b.created - a.created), ...room, fleeting: shelf.fleeting };
  }

  events = async (id: string): Promise<TrainEvent[]> => (await this.shelf()).events(id);

  /** Nobody else may change the run until the keeper is closed. given: it begins as an adapter that was. fleeting: why it is kept in memory only. */
  async begin(config: RunConfig, given: boolean, tell: (e: TrainEvent) => void): Promise<{ keeper: Keeper; fleeting: string | null }> {
    const shelf = await this.shelf();
    const id = crypto.randomUUID();
    const record = newRecord(id, runName(await this.names(shelf)), config, Date.now(), given);
    try {
      await this.take(shelf, id);
      await shelf.put(record);
      return { keeper: this.keeper(shelf, record, [], tell), fleeting: shelf.fleeting };
    } catch (e) {
      const memory = memoryShelf(null);
      await memory.put(record);
      return { keeper: this.keeper(memory, record, [], tell), fleeting: `Storage refuses the run (${(e as Error).message}).` };
    }
  }

  /** For whoever goes on: the run is this page's until it is released, or the keeper that it begins with is closed. Throws ConfigError, FormatError. */
  async goOn(id: string): Promise<Reopened & { begin: (config: RunConfig, tell: (e: TrainEvent) => void) => Keeper; release: () => void }> {
    const shelf = await this.shelf();
    await this.take(shelf, id);
    try {
      const run = await this.read(id, "last");
      const begin = (config: RunConfig, tell: (e: TrainEvent) => void): Keeper => {
        return this.keeper(shelf, { ...run.record, config }, [...run.log], tell);
      };
      return { ...run, begin, release: () => this.release(id) };
    } catch (e) {
      this.release(id);
      throw e;
    }
  }

  /** Throws ConfigError, FormatError: no such run, of another version, damaged. */
  async read(id: string, which: Which): Promise<Reopened> {
    const shelf = await this.shelf();
    const read = readRecord(await shelf.record(id));
    if (!read) throw new ConfigError("run", "is not there any more", "Another tab may have deleted it.");
    const problem = read.problem ?? lostStart(read.record);
    if (problem) throw new ConfigError(read.record.name, problem, "Its events can still be looked at and exported.");
    const file = await shelf.read(id, which);
    const stored = file && (await readCheckpoint(blobSource(file), `${read.record.name}, ${which} state`));
    const events = await shelf.events(id);
    if (stored && events.length < stored.events) throw new ConfigError(read.record.name, "its log is shorter than its last state", "Start it anew.");
    return { record: read.record, stored, log: events.slice(0, stored?.events ?? 0) };
  }

  private releases = new Map<string, () => void>();

  private async take(shelf: Shelf, id: string): Promise<void> {
    const release = await shelf.hold(id);
    if (!release) throw new ConfigError("run", "is under way in another tab", "Go on with it there, or close that tab.");
    this.here.add(id);
    this.releases.set(id, release);
  }

  private release(id: string): void {
    this.releases.get(id)?.();
    this.releases.delete(id);
    this.here.delete(id);
  }

  private keeper(shelf: Shelf, record: RunRecord, log: TrainEvent[], tell: (e: TrainEvent) => void): Keeper {
    return new Keeper(shelf, record, log, tell, async ({ empty }) => {
      if (empty) await shelf.remove(record.id).catch(() => {});
      this.release(record.id);
    });
  }

  private async names(shelf: Shelf): Promise<ReadonlySet<string>> {
    return new Set((await list(shelf)).map(({ record }) => record.name));
  }

  change(id: string, { name, notes, tags }: Partial<Pick<RunRecord, "name" | "notes" | "tags">>): Promise<Problems | null> {
    return this.edit(id, {
      ...(name === undefined || !name.trim() ? {} : { name: name.trim().slice(0, LONGEST.name) }),
      ...(notes === undefined ? {} : { notes: notes.slice(0, LONGEST.notes) }),
      ...(tags === undefined ? {} : { tags: tagsOf(tags) }),
    });
  }

  delete = (id: string): Promise<Problems | null> => this.edit(id, { deleted: Date.now() }, "stop it first");
  undelete = (id: string): Promise<Problems | null> => this.edit(id, { deleted: undefined });

  /** here: why not while this page has it under way. */
  private edit(id: string, part: Partial<RunRecord>, here?: string): Promise<Problems | null> {
    return told(async () => {
      const shelf = await this.shelf();
      const read = readRecord(await shelf.record(id));
      if (!read) throw new ConfigError("run", "is not there any more", "Another tab may have deleted it.");
      if (this.here.has(id) ? here : (await shelf.held()).has(id))
        throw new ConfigError(read.record.name, "is under way", here && this.here.has(id) ? "Stop it first." : "Change it in the tab that has it.");
      await shelf.change(id, part);
      return null;
    });
  }

  async sweep(): Promise<void> {
    const shelf = await this.shelf();
    const held = await shelf.held();
    for (const { record } of await list(shelf)) if (record.deleted !== undefined && !held.has(record.id)) await shelf.remove(record.id);
  }

  duplicate(id: string): Promise<{ id: string } | Problems> {
    return told(async () => {
      const shelf = await this.shelf();
      const run = await this.parts(id);
      if (!run) throw new ConfigError("run", "is not there any more", "Another tab may have deleted it.");
      const name = copyName(run.record.name, await this.names(shelf));
      return { id: await this.put({ ...run, record: { ...run.record, name, created: Date.now() } }) };
    });
  }

  /** Its states first: the log of a run that is under way grows, and must hold what they follow. null: no such run. */
  private async parts(id: string): Promise<RunParts | null> {
    const shelf = await this.shelf();
    const states: RunParts["states"] = {};
    for (const which of ["last", "best"] as const) {
      const file = await shelf.read(id, which);
      if (file) states[which] = new Uint8Array(await file.arrayBuffer());
    }
    const events = await shelf.events(id);
    const read = readRecord(await shelf.record(id));
    return read && { record: read.record, events, states };
  }

  /** A run of its own; nothing of it stays where storage refuses a part. */
  private async put({ record, events, states }: RunParts): Promise<string> {
    const shelf = await this.shelf();
    const id = crypto.randomUUID();
    const cutOff = record.state === "running" || record.state === "paused" || record.state === "loading";
    const { deleted: _, ...rest } = record;
    try {
      await shelf.put({ ...rest, id, state: cutOff ? "stopped" : record.state });
      await shelf.append(id, 0, events);
      for (const [which, bytes] of Object.entries(states)) await shelf.write(id, which as Which, bytes);
    } catch (e) {
      await shelf.remove(id).catch(() => {});
      throw e;
    }
    return id;
  }

  export(ids: readonly string[]): Promise<ExportedFile | Problems> {
    return told(async () => {
      const runs: RunParts[] = [];
      for (const id of ids) {
        const run = await this.parts(id);
        if (run) runs.push(run);
      }
      if (!runs.length) throw new ConfigError("export", "there is no run to export", "Choose a run.");
      const name = runs.length === 1 ? `${plainName(runs[0].record.name)}.zip` : `${runs.length}-runs.zip`;
      return { name, bytes: zipRuns(runs) };
    });
  }

  async import(zip: Blob, file = "zip"): Promise<{ ids: string[]; problems: Problem[] }> {
    const ids: string[] = [];
    const problems: Problem[] = [];
    try {
      const taken = new Set(await this.names(await this.shelf()));
      for (const run of await unzipRuns(new Uint8Array(await zip.arrayBuffer()), file)) {
        if (run instanceof Error) problems.push(problemOf(run));
        else {
          const name = taken.has(run.record.name) ? copyName(run.record.name, taken) : run.record.name;
          taken.add(name);
          ids.push(await this.put({ ...run, record: { ...run.record, name } }));
        }
      }
    } catch (e) {
      problems.push(problemOf(e));
    }
    return { ids, problems };
  }
}

const list = async (shelf: Shelf) => (await shelf.records()).flatMap((value) => readRecord(value) ?? []);

async function told<T>(fn: () => Promise<T>): Promise<T | Problems> {
  try {
    return await fn();
  } catch (e) {
    return { problems: [problemOf(e)] };
  }
}
