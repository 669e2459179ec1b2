// database.ts — the browser's database: records of runs, their events, and what else must survive a reload. Weights are files (browser-shelf.ts).
// A change of the tables is another `version(n)` below the ones that are there, with an `upgrade` where rows change; they are never edited.

import Dexie, { type Table } from "dexie";
import type { TrainEvent } from "../protocol.ts";
import type { ComparisonRecord } from "../protocol/comparison.ts";
import type { RunRecord } from "../protocol/runs.ts";
import type { KeptArmRun } from "./comparison-shelf.ts";

/** A stretch of a run's log. */
export interface EventBatch {
  run: string;
  /** Place in the log of the first of `events`. */
  from: number;
  events: TrainEvent[];
}

/** Which file is a run's last state, or its best. */
export interface StateFile {
  run: string;
  which: "last" | "best";
  name: string;
  bytes: number;
}

/** Events of a comparison's run. */
export interface ArmEvents {
  comparison: string;
  arm: string;
  seed: number;
  events: TrainEvent[];
}

/** Why nothing is kept here, for people. */
export const storageDenied = (e: unknown): string =>
  `This browser keeps nothing for this page (${(e as Error).message || (e as Error).name}): private window, or storage is blocked.`;

export class StudioDatabase extends Dexie {
  declare readonly runs: Table<RunRecord, string>;
  declare readonly events: Table<EventBatch, [run: string, from: number]>;
  declare readonly states: Table<StateFile, [run: string, which: string]>;
  declare readonly comparisons: Table<ComparisonRecord, string>;
  declare readonly armRuns: Table<KeptArmRun, [comparison: string, arm: string, seed: number]>;
  declare readonly armEvents: Table<ArmEvents, [comparison: string, arm: string, seed: number]>;

  constructor(name = "rankscope") {
    super(name);
    this.version(1).stores({ runs: "id", events: "[run+from]", states: "[run+which]" });
    this.version(2).stores({ comparisons: "id", armRuns: "[comparison+arm+seed]", armEvents: "[comparison+arm+seed]" });
  }
}

/** Rejects where storage is denied, or a newer version of the page has changed the tables. */
export async function openDatabase(name?: string): Promise<StudioDatabase> {
  const database = new StudioDatabase(name);
  await database.open();
  return database;
}
