// schedule.ts — when an allocation is decided: a pure function of the step.

export interface ScheduleView {
  readonly steps: number;
  /** Optimizer steps that see every training row once; at least 1. */
  readonly stepsPerEpoch: number;
  /** Share of an epoch between two re-allocations. */
  readonly realloc_N: number;
  readonly first_epochs_random: number;
  /** Share of the run after which the allocation stays. */
  readonly stop_after: number;
}

/** scores "random": whatever the proxy, all sites tie. */
export interface Action {
  readonly type: "reallocate";
  readonly scores: "proxy" | "random";
}

export interface Schedule {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly paper?: string;
  /** Before the step (from 0) is trained. */
  actions(step: number, view: ScheduleView): readonly Action[];
}
