// runs.ts — the part of the protocol that is about kept runs: what is known of each, and what can be done with them. Types only.

import type { ExportedFile, Problem, RunConfig, RunState, TrainEvent } from "../protocol.ts";

/** Weights and all that training goes on from, as they were after a step. */
export interface KeptState {
  step: number;
  bytes: number;
}

/** A run as it is kept: everything but its events and its weights. */
export interface RunRecord {
  /** Of this form. */
  version: 1;
  id: string;
  name: string;
  notes: string;
  tags: string[];
  /** Milliseconds since 1970. */
  created: number;
  changed: number;
  config: RunConfig;
  /** It began as an adapter that was given, which its settings do not tell. */
  given?: boolean;
  /** As it was last written: a run that was cut off still says "running". */
  state: RunState;
  /** Of the last state, where there is something to tell. */
  detail?: string;
  step: number;
  /** Where it computed last: "wasm"; empty before it began. */
  backend: string;
  trainable: number;
  /** What it goes on from; null before the first checkpoint. */
  last: KeptState | null;
  /** The state with the best evaluation. */
  best: (KeptState & Evaluated) | null;
  /** The last evaluation. */
  evaluated: Evaluated | null;
  /** Step and loss, few points, for a small picture. */
  curve: [step: number, loss: number][];
  /** When it was deleted: until it is swept away, it can be taken back. */
  deleted?: number;
}

export interface Evaluated {
  loss: number;
  metric: number;
  metrics?: Record<string, number>;
}

/** A run in the list. */
export interface KeptRun extends RunRecord {
  /** Who has it under way: this page, another tab, or nobody. */
  holder: "here" | "elsewhere" | null;
  /** Why it cannot go on: its settings are another version's, and shown as far as they can be read. Absent where it can. */
  problem?: string;
}

export interface KeptRuns {
  /** The newest first; deleted ones that can be taken back are among them. */
  runs: KeptRun[];
  /** Bytes of the whole page's storage; quota null: unknown. */
  used: number;
  quota: number | null;
  /** Why runs are gone with the page (a private window); null: they stay. */
  fleeting: string | null;
}

/** What may be changed of a run that goes on: more steps, the same rows in smaller batches, where it computes. */
export interface Onward {
  steps?: number;
  batch_size?: number;
  gradient_accumulation_steps?: number;
  backend?: RunConfig["backend"];
}

type Problems = { problems: Problem[] };

/** The part of the session that is about kept runs. A run that another tab has under way can be read only. */
export interface RunsSession {
  runs(): Promise<KeptRuns>;
  /** Its log; empty where there is no such run. */
  runEvents(id: string): Promise<TrainEvent[]>;
  changeRun(id: string, change: Partial<Pick<RunRecord, "name" | "notes" | "tags">>): Promise<Problems | null>;
  duplicateRun(id: string): Promise<{ id: string } | Problems>;
  /** `undeleteRun` takes it back, until `sweepRuns` or some later start of the page. */
  deleteRun(id: string): Promise<Problems | null>;
  undeleteRun(id: string): Promise<Problems | null>;
  /** Deleted runs go for good. */
  sweepRuns(): Promise<void>;
  /**
   * Goes on from the last state, as if the run had never stopped: the events are "run", its log so far, then what happens. Resolves and reports as `train`
   * does. More steps: the learning rate follows the schedule of the longer run.
   */
  continueRun(id: string, onward: Onward, onEvents: (events: TrainEvent[]) => void): Promise<void>;
  /** Brings a state onto the device, to ask it and to export it; trains nothing. Events as of `continueRun`. */
  openRun(id: string, which: "last" | "best", onEvents: (events: TrainEvent[]) => void): Promise<void>;
  /** A zip: of each run its record, settings, log and states. */
  exportRuns(ids: string[]): Promise<ExportedFile | Problems>;
  /** Runs of a zip that `exportRuns` or the command line has made, as new runs; what cannot be read is told, the others come in. */
  importRuns(zip: Blob): Promise<{ ids: string[]; problems: Problem[] }>;
}
