// reading.ts — rows read and encoded once for all who ask for the same, with numbers for each; what nobody waits for any more is stopped.

import type { Watch } from "../data/pace.ts";
import type { Phase } from "../protocol.ts";
import type { LoadedData } from "./load.ts";
import { isBadInput } from "./problem.ts";

/** Rows that nobody waits for are kept: those of the form, and those of a lesson or of a comparison's test beside them. */
const KEPT = 2;

interface Waiter {
  who: object;
  tell: (phase: Phase) => void;
  giveUp: () => void;
}

interface Entry {
  /** null: the files hold something else by now. */
  key: string | null;
  data: Promise<LoadedData>;
  stop: AbortController;
  waiting: Set<Waiter>;
}

export class Reading {
  /** Those last asked for first. */
  private entries: Entry[] = [];
  private readonly gone = new WeakSet<object>();

  /**
   * The rows under this key, read unless they are there; what was wrong with them is remembered as they are. Rejects with an AbortError where the same
   * asker asks for others meanwhile, or leaves.
   */
  ask(key: string, who: object, read: (watch: Watch) => Promise<LoadedData>, onProgress: (phase: Phase) => void = () => {}): Promise<LoadedData> {
    this.giveUp(who, key);
    if (this.gone.has(who)) return Promise.reject(aborted());
    const entry = this.entries.find((one) => one.key === key) ?? begin(key, read);
    this.entries = [entry, ...this.entries.filter((one) => one !== entry)].filter(({ key, waiting }, i) => waiting.size > 0 || (key !== null && i < KEPT));
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { who, tell: onProgress, giveUp: () => reject(aborted()) };
      entry.waiting.add(waiter);
      entry.data
        .then(resolve, (error: unknown) => {
          if (!isBadInput(error)) this.entries = this.entries.filter((one) => one !== entry);
          reject(error as Error);
        })
        .finally(() => entry.waiting.delete(waiter));
    });
  }

  /** It waits no longer, and will not again. */
  leave(who: object): void {
    this.gone.add(who);
    this.giveUp(who);
  }

  /** What was read is no longer what the files hold. Whoever waits gets it still. */
  forget(): void {
    for (const entry of this.entries) entry.key = null;
  }

  private giveUp(who: object, but?: string): void {
    for (const entry of this.entries) {
      const leaving = entry.key === but ? [] : [...entry.waiting].filter((waiter) => waiter.who === who);
      for (const waiter of leaving) {
        entry.waiting.delete(waiter);
        waiter.giveUp();
      }
      if (leaving.length > 0 && entry.waiting.size === 0) {
        entry.stop.abort();
        entry.key = null;
      }
    }
  }
}

function begin(key: string, read: (watch: Watch) => Promise<LoadedData>): Entry {
  const stop = new AbortController();
  const waiting = new Set<Waiter>();
  const onProgress = (phase: Phase): void => waiting.forEach(({ tell }) => tell(phase));
  return { key, data: read({ signal: stop.signal, onProgress }), stop, waiting };
}

const aborted = (): DOMException => new DOMException("These rows are not waited for any more.", "AbortError");
