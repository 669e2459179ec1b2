// mail.ts — a run's events on their way to the page: collected and handed over in batches, at most ten a second. The log keeps all of them.

import type { TrainEvent } from "../protocol.ts";

const BATCH_MS = 100;

export class Mail {
  readonly log: TrainEvent[] = [];
  lastStep = 0;
  private waiting: TrainEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly deliver: (events: TrainEvent[]) => void) {}

  post(e: TrainEvent): void {
    if (e.type === "step") this.lastStep = e.step;
    // Of progress only the newest counts, and it is no part of the run's log.
    if (e.type !== "progress") this.log.push(e);
    else this.waiting = this.waiting.filter((w) => w.type !== "progress" || w.phase !== e.phase);
    this.waiting.push(e);
    this.timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  private flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const these = this.waiting;
    this.waiting = [];
    if (these.length) this.deliver(these);
  }

  close(): void {
    this.flush();
  }
}
