// comparison-shelf.ts — where comparisons are kept: a record, its runs, and each run's events. In the browser: browser-comparisons.ts; here: in memory,
// for where nothing may be kept.

import type { TrainEvent } from "../protocol.ts";
import type { ArmRun, ComparisonRecord } from "../protocol/comparison.ts";

/** A run of a comparison as it is kept: one per arm and seed. */
export interface KeptArmRun {
  comparison: string;
  arm: string;
  seed: number;
  run: ArmRun;
}

/** Every method may reject: storage is full, or was taken away. */
export interface ComparisonShelf {
  /** Why what is kept here is gone with the page; null: it stays. */
  readonly fleeting: string | null;
  records(): Promise<ComparisonRecord[]>;
  put(record: ComparisonRecord): Promise<void>;
  runs(id: string): Promise<ArmRun[]>;
  /** In place of the one of the same arm and seed. */
  keep(id: string, run: ArmRun, events: readonly TrainEvent[]): Promise<void>;
  events(id: string, arm: string, seed: number): Promise<TrainEvent[]>;
  /** Record, runs and events. */
  remove(id: string): Promise<void>;
  /** Until the function is called, no other tab runs it; null: one does. */
  hold(id: string): Promise<(() => void) | null>;
  held(): Promise<ReadonlySet<string>>;
}

/** fleeting: why nothing is kept. */
export function memoryComparisons(fleeting: string | null): ComparisonShelf {
  const records = new Map<string, ComparisonRecord>();
  const runs = new Map<string, Map<string, { run: ArmRun; events: readonly TrainEvent[] }>>();
  const held = new Set<string>();
  const key = (arm: string, seed: number): string => JSON.stringify([arm, seed]);
  return {
    fleeting,
    records: async () => structuredClone([...records.values()]),
    put: async (record) => void records.set(record.id, structuredClone(record)),
    runs: async (id) => [...(runs.get(id)?.values() ?? [])].map(({ run }) => run),
    keep: async (id, run, events) => {
      const own = runs.get(id) ?? new Map<string, { run: ArmRun; events: readonly TrainEvent[] }>();
      runs.set(id, own.set(key(run.arm, run.seed), { run, events: [...events] }));
    },
    events: async (id, arm, seed) => [...(runs.get(id)?.get(key(arm, seed))?.events ?? [])],
    remove: async (id) => {
      records.delete(id);
      runs.delete(id);
    },
    hold: async (id) => {
      if (held.has(id)) return null;
      held.add(id);
      return () => void held.delete(id);
    },
    held: async () => new Set(held),
  };
}
