// control.ts — the reins of a run: pause, single steps, stop, and the learning rate, all while it runs.

export class Control {
  private paused = false;
  private stopping = false;
  private steps = 0;
  private wake: () => void = () => {};
  /** Held by whoever uses the device: the training loop during a step, a question between steps. */
  private turn: Promise<void> = Promise.resolve();

  constructor(
    /** Highest learning rate of the schedule; may be changed at any time. */
    public learningRate: number,
    private readonly onState: (state: "running" | "paused") => void = () => {},
  ) {}

  pause(): void {
    this.paused = true;
    this.steps = 0;
  }
  /** One optimizer step, then paused again. */
  step(): void {
    this.paused = true;
    this.steps++;
    this.wake();
  }
  resume(): void {
    this.paused = false;
    this.wake();
  }
  stop(): void {
    this.stopping = true;
    this.wake();
  }
  readonly stopped = (): boolean => this.stopping;
  get waits(): boolean {
    return this.paused && this.steps === 0 && !this.stopping;
  }

  /** Runs fn while no step is being queued: between two steps, or at once when nothing trains. */
  async between<T>(fn: () => Promise<T>): Promise<T> {
    const turn = this.turn;
    let done = (): void => {};
    this.turn = new Promise((resolve) => (done = resolve));
    await turn;
    try {
      return await fn();
    } finally {
      done();
    }
  }

  /** Resolves when the next step may begin. */
  async gate(): Promise<void> {
    if (this.waits) {
      this.onState("paused");
      while (this.waits) await new Promise<void>((resolve) => (this.wake = resolve));
      if (!this.stopping) this.onState("running");
    }
    if (this.steps > 0) this.steps--;
  }
}
