// mail.ts — a run's events on their way to the page: collected and handed over in batches, at most ten a second. What is told is also logged, where
// somebody keeps the log.

import type { TrainEvent } from "../protocol.ts";

const BATCH_MS = 100;

export class Mail {
  lastStep = 0;
  /** Keeps what is told. */
  log: { add(e: TrainEvent): void } | null = null;
  private waiting: TrainEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly deliver: (events: TrainEvent[]) => void) {}

  readonly post = (e: TrainEvent): void => {
    this.log?.add(e);
    this.send(e);
  };

  /** Tells a run anew: under which name it is kept, and its log. */
  replay({ id, name }: { id: string; name: string }, log: readonly TrainEvent[]): void {
    this.lastStep = 0;
    this.send({ type: "run", id, name });
    for (const e of log) this.send(e);
  }

  private send(e: TrainEvent): void {
    if (e.type === "step") this.lastStep = e.step;
    // Of progress only the newest counts.
    if (e.type === "progress") this.waiting = this.waiting.filter((w) => w.type !== "progress" || w.phase !== e.phase);
    this.waiting.push(e);
    this.timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  /** Hands over what waits, at once. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const these = this.waiting;
    this.waiting = [];
    if (these.length) this.deliver(these);
  }
}
