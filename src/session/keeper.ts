// keeper.ts — keeps a run as it happens: its events in batches, its states as files, its record up to date. What storage refuses does not end the run:
// it goes on in memory, says so once, and the next state is tried again.

import type { TrainEvent } from "../protocol.ts";
import type { RunRecord } from "../protocol/runs.ts";
import { type Checkpoint, writeCheckpoint } from "../train/checkpoint.ts";
import type { Run } from "../train/run.ts";
import { evaluatedOf, summaryOf } from "./records.ts";
import type { Shelf, Which } from "./shelf.ts";

const FLUSH_MS = 1000;

export class Keeper {
  /** Events of the log that lie on the shelf. */
  private shelved: number;
  private stepped = false;
  private turn: Promise<void> = Promise.resolve();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private refused = false;
  /** What lies on the shelf is more than the log, or of other settings. */
  private stale = true;
  private writtenAt = performance.now();
  /** The newest state, until it is written. */
  private waiting: (() => Promise<void>) | null = null;

  /**
   * log: the events the run goes on from, none for a new one; it grows as the run does. What lies behind them on the shelf is taken away. A record must be
   * there; its settings become those of `record`, and deleted it is no longer.
   */
  constructor(
    private readonly shelf: Shelf,
    readonly record: RunRecord,
    readonly log: TrainEvent[],
    private readonly tell: (e: TrainEvent) => void,
    private readonly onClose: (keeper: Keeper) => Promise<void> | void = () => {},
  ) {
    this.shelved = log.length;
  }

  /** The run has never made a step. */
  get empty(): boolean {
    return !this.stepped && !this.record.last;
  }

  /** Takes an event into the log. */
  add(e: TrainEvent): void {
    if (e.type === "progress" || e.type === "run") return;
    if (e.type === "step") this.stepped = true;
    this.log.push(e);
    this.timer ??= setTimeout(() => void this.flush().then(() => (this.old ? this.writeWaiting() : undefined)), FLUSH_MS);
  }

  /** The last state that was written is older than the run asks for. */
  private get old(): boolean {
    return performance.now() - this.writtenAt >= this.record.config.train.checkpoint_seconds * 1000;
  }

  /** Keeps a state: the best one at once, others when the last that was written is old enough, or when the run halts. */
  async keep(checkpoint: Checkpoint, run: Run, urgent: boolean): Promise<void> {
    const { best } = checkpoint.loop;
    const isBest = best?.step === checkpoint.step && this.record.best?.step !== checkpoint.step;
    const events = this.log.length;
    let bytes: Uint8Array<ArrayBuffer> | null = null;
    const write = (which: Which, more: object): Promise<void> =>
      this.store(async () => {
        bytes ??= writeCheckpoint(checkpoint, run, events);
        await this.shelf.write(this.record.id, which, bytes);
        await this.change({ [which]: { step: checkpoint.step, bytes: bytes.length, ...more } });
      });
    if (isBest) await write("best", evaluatedOf(best));
    this.waiting = () => write("last", {});
    if (urgent || this.old) await this.writeWaiting();
  }

  private async writeWaiting(): Promise<void> {
    const { waiting } = this;
    if (!waiting) return;
    this.waiting = null;
    this.writtenAt = performance.now();
    await waiting();
  }

  /** Forgets what came after the first n events: the run goes on from there. */
  cut(n: number): void {
    this.log.length = n;
    this.shelved = Math.min(this.shelved, n);
    this.stale = true;
  }

  /** Everything that is there is written. */
  async close(): Promise<void> {
    await this.writeWaiting();
    await this.flush();
    await this.onClose(this);
  }

  flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    return this.store(async () => {});
  }

  private change(part: Partial<RunRecord>): Promise<void> {
    Object.assign(this.record, part);
    return this.shelf.change(this.record.id, part);
  }

  /** Writes events that are not written yet, then what `fn` writes; one after the other. Never rejects. */
  private store(fn: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(async () => {
      try {
        const { length } = this.log;
        if (length > this.shelved || this.stale) {
          await this.shelf.append(this.record.id, this.shelved, this.log.slice(this.shelved, length));
          this.shelved = length;
          const anew = this.stale ? { config: this.record.config, deleted: undefined } : {};
          await this.change({ ...anew, ...summaryOf(this.log), changed: Date.now() });
          this.stale = false;
        }
        await fn();
        if (this.refused) this.note("Storage takes the run again: it is kept from here on.");
        this.refused = false;
      } catch (e) {
        if (!this.refused) this.note(`Storage refuses the run (${reasonOf(e)}). It trains on in memory; what was kept before stays.`);
        this.refused = true;
      }
    });
    return this.turn;
  }

  private note(text: string): void {
    const step = this.log.findLast((e) => e.type === "step")?.step ?? 0;
    this.tell({ type: "note", step, text });
  }
}

function reasonOf(e: unknown): string {
  const error = e as { name?: string; message?: string; inner?: { name?: string } };
  if (error.name === "QuotaExceededError" || error.inner?.name === "QuotaExceededError" || /ENOSPC/.test(error.message ?? ""))
    return "it is full: delete runs that you no longer need";
  return error.message || String(e);
}
