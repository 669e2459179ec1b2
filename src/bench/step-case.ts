// step-case.ts — a training step that can be measured: what it computes, how it is set up on a backend, and the losses that prove it was computed.

import type { Backend } from "../engine/backend.ts";
import type { Graph } from "../engine/graph.ts";
import { microGraph, updateGraph } from "../train/graphs.ts";
import { flatLayout } from "../train/parameters.ts";
import type { Target } from "../train/subject.ts";
import type { ReferenceRun } from "./reference-run.ts";

export interface StepCase {
  readonly name: string;
  readonly target: Target;
  /** Rows and tokens per row. */
  readonly B: number;
  readonly T: number;
  /** Of steps 1, 2, …, each before its update. */
  readonly losses: readonly number[];
  /** How far a loss may lie from the expected one. */
  readonly tolerance: number;
  /** small: a few tokens only, for the same launches with hardly any work in them. */
  open(backend: Backend, small?: boolean): Promise<ReferenceRun>;
}

/** The graphs of one step, traced anew: forward and backward, and update. */
export function graphsOf({ target, B, T }: StepCase): Graph[] {
  const micro = microGraph(target.subject, B, T);
  const { elements, segments } = flatLayout(micro);
  return [micro, updateGraph(elements, segments.length)];
}
