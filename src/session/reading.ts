// reading.ts — rows read and encoded once for all who ask for the same, with numbers for each; what nobody waits for any more is stopped.

import type { Watch } from "../data/pace.ts";
import type { Phase } from "../protocol.ts";
import type { LoadedData } from "./load.ts";

interface Entry {
  data: Promise<LoadedData>;
  stop: AbortController;
  /** Whoever waits → what it is told. */
  waiting: Map<object, (phase: Phase) => void>;
}

export class Reading {
  private readonly entries = new Map<string, Entry>();

  /**
   * The rows under this key, read unless they are there. Of one asker only the newest question counts: an older one rejects (AbortError) where nobody
   * else waits for it. Rows that nobody asks for any more are let go.
   */
  async ask(key: string, who: object, read: (watch: Watch) => Promise<LoadedData>, onProgress: (phase: Phase) => void = () => {}): Promise<LoadedData> {
    for (const [other, { waiting }] of this.entries)
      if (other !== key) {
        waiting.delete(who);
        if (waiting.size === 0) this.drop(other);
      }
    const entry = this.entries.get(key) ?? this.begin(key, read);
    entry.waiting.set(who, onProgress);
    try {
      return await entry.data;
    } finally {
      entry.waiting.delete(who);
    }
  }

  /** It waits no longer. */
  leave(who: object): void {
    for (const [key, { waiting }] of this.entries) if (waiting.delete(who) && waiting.size === 0) this.drop(key);
  }

  /** What was read is no longer what the files hold. Whoever waits gets it still. */
  forget(): void {
    this.entries.clear();
  }

  private begin(key: string, read: (watch: Watch) => Promise<LoadedData>): Entry {
    const stop = new AbortController();
    const waiting: Entry["waiting"] = new Map();
    const onProgress = (phase: Phase): void => waiting.forEach((tell) => tell(phase));
    const entry: Entry = { data: read({ signal: stop.signal, onProgress }), stop, waiting };
    this.entries.set(key, entry);
    entry.data.catch(() => this.entries.get(key) === entry && this.entries.delete(key));
    return entry;
  }

  private drop(key: string): void {
    this.entries.get(key)!.stop.abort();
    this.entries.delete(key);
  }
}
