// runs.ts — the part of the protocol that is about kept runs: what is known of each, and what can be done with them. Types only.

import type { RunConfig, RunState } from "../protocol.ts";

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
