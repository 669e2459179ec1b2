// browser-comparisons.ts — comparisons in the browser's database. Where storage is denied, a shelf in memory that says so.

import Dexie from "dexie";
import { holdLock, heldLocks } from "./browser-locks.ts";
import { type ComparisonShelf, memoryComparisons } from "./comparison-shelf.ts";
import { type StudioDatabase, storageDenied } from "./database.ts";

const LOCK = "rankscope.comparison.";

export async function browserComparisons(open: () => Promise<StudioDatabase>): Promise<ComparisonShelf> {
  try {
    return openComparisons(await open());
  } catch (e) {
    return memoryComparisons(storageDenied(e));
  }
}

function openComparisons(database: StudioDatabase): ComparisonShelf {
  const { comparisons, armRuns, armEvents } = database;
  const all = (id: string): [unknown[], unknown[]] => [[id, Dexie.minKey, Dexie.minKey], [id, Dexie.maxKey, Dexie.maxKey]]; // prettier-ignore
  return {
    fleeting: null,
    records: () => comparisons.toArray(),
    put: async (record) => void (await comparisons.put(record)),
    runs: async (id) => (await armRuns.where("[comparison+arm+seed]").between(...all(id)).toArray()).map(({ run }) => run), // prettier-ignore
    keep: (id, run, events) =>
      database.transaction("rw", armRuns, armEvents, async () => {
        const key = { comparison: id, arm: run.arm, seed: run.seed };
        await armRuns.put({ ...key, run });
        await armEvents.put({ ...key, events: [...events] });
      }),
    events: async (id, arm, seed) => (await armEvents.get([id, arm, seed]))?.events ?? [],
    remove: (id) =>
      database.transaction("rw", comparisons, armRuns, armEvents, async () => {
        await comparisons.delete(id);
        await armRuns.where("[comparison+arm+seed]").between(...all(id)).delete(); // prettier-ignore
        await armEvents.where("[comparison+arm+seed]").between(...all(id)).delete(); // prettier-ignore
      }),
    hold: (id) => holdLock(LOCK + id),
    held: () => heldLocks(LOCK),
  };
}
