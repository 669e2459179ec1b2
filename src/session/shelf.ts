// shelf.ts — where runs are kept: a record, a log of events and two states each. In the browser: browser-shelf.ts; on disk: folder-shelf.ts;
// here: in memory, for where nothing may be kept.

import type { TrainEvent } from "../protocol.ts";
import type { RunRecord } from "../protocol/runs.ts";

export type Which = "last" | "best";

/** Bytes. quota null: unknown. */
export interface Room {
  used: number;
  quota: number | null;
}

/** Every method may reject: storage is full, or was taken away. */
export interface Shelf {
  /** Why what is kept here is gone with the page; null: it stays. */
  readonly fleeting: string | null;
  /** As they were written, by whatever version. */
  records(): Promise<unknown[]>;
  record(id: string): Promise<unknown>;
  put(record: RunRecord): Promise<void>;
  /** Nothing happens where there is no such record. */
  change(id: string, part: Partial<RunRecord>): Promise<void>;
  events(id: string): Promise<TrainEvent[]>;
  /** Puts events at a place of the log, at most its end; what lay from there on is gone. */
  append(id: string, from: number, events: readonly TrainEvent[]): Promise<void>;
  /** Whole, or as it was before. */
  write(id: string, which: Which, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  read(id: string, which: Which): Promise<Blob | null>;
  /** Record, events and states. */
  remove(id: string): Promise<void>;
  room(): Promise<Room>;
  /** Until the function is called, no other tab or process holds the run; null: one does. */
  hold(id: string): Promise<(() => void) | null>;
  /** Runs that somebody holds, here or elsewhere. */
  held(): Promise<ReadonlySet<string>>;
}

interface Shelved {
  record: RunRecord;
  events: TrainEvent[];
  states: Partial<Record<Which, Uint8Array<ArrayBuffer>>>;
}

/** fleeting: why nothing is kept. */
export function memoryShelf(fleeting: string | null): Shelf {
  const runs = new Map<string, Shelved>();
  const held = new Set<string>();
  const find = (id: string): Shelved => {
    const run = runs.get(id);
    if (!run) throw new Error(`there is no run "${id}"`);
    return run;
  };
  return {
    fleeting,
    records: async () => [...runs.values()].map((run) => structuredClone(run.record)),
    record: async (id) => structuredClone(runs.get(id)?.record),
    put: async (record) => {
      const { events = [], states = {} } = runs.get(record.id) ?? {};
      runs.set(record.id, { record: structuredClone(record), events, states });
    },
    change: async (id, part) => {
      const run = runs.get(id);
      if (run) run.record = { ...run.record, ...structuredClone(part) };
    },
    events: async (id) => [...(runs.get(id)?.events ?? [])],
    append: async (id, from, more) => {
      const run = find(id);
      run.events = run.events.slice(0, from).concat(more);
    },
    write: async (id, which, bytes) => void (find(id).states[which] = bytes),
    read: async (id, which) => {
      const bytes = runs.get(id)?.states[which];
      return bytes ? new Blob([bytes]) : null;
    },
    remove: async (id) => void runs.delete(id),
    room: async () => {
      const states = [...runs.values()].flatMap((run) => Object.values(run.states));
      return { used: states.reduce((sum, bytes) => sum + bytes.length, 0), quota: null };
    },
    hold: async (id) => {
      if (held.has(id)) return null;
      held.add(id);
      return () => void held.delete(id);
    },
    held: async () => new Set(held),
  };
}
