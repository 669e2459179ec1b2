// records.ts — the record of a run: made new, drawn from its log, and read back, also where another version or a stranger has written it.

import type { RunConfig, RunState, TrainEvent } from "../protocol.ts";
import type { Evaluated, KeptState, RunRecord } from "../protocol/runs.ts";
import { isObject } from "../formats/source.ts";
import { parseConfig } from "../train/config.ts";

export const RECORD_VERSION = 1;
const CURVE_POINTS = 60;
export const LONGEST = { name: 100, notes: 10_000, tag: 40, tags: 20 } as const;

export const newRecord = (id: string, name: string, config: RunConfig, now = Date.now(), given = false): RunRecord => ({
  version: RECORD_VERSION,
  id,
  name,
  notes: "",
  tags: [],
  created: now,
  changed: now,
  config,
  ...(given ? { given } : {}),
  state: "loading",
  step: 0,
  backend: "",
  trainable: 0,
  last: null,
  best: null,
  evaluated: null,
  curve: [],
});

/** What a record says of its run's log. */
export function summaryOf(log: readonly TrainEvent[]): Pick<RunRecord, "state" | "step" | "detail" | "backend" | "trainable" | "evaluated" | "curve"> {
  const state = log.findLast((e) => e.type === "state");
  const plan = log.findLast((e) => e.type === "plan");
  const evaluation = log.findLast((e) => e.type === "evaluation");
  const steps = log.filter((e) => e.type === "step");
  return {
    state: state?.state ?? "loading",
    detail: state?.detail,
    step: Math.max(steps.at(-1)?.step ?? 0, state?.step ?? 0),
    backend: plan?.backend ?? "",
    trainable: plan?.trainable ?? 0,
    evaluated: evaluation ? evaluatedOf(evaluation) : null,
    curve: curveOf(steps),
  };
}

export const evaluatedOf = ({ loss, metric, metrics }: Evaluated): Evaluated => ({ loss, metric, ...(metrics ? { metrics } : {}) });

/** Means over equal stretches. */
function curveOf(steps: readonly { step: number; loss: number }[]): [number, number][] {
  const stretch = Math.max(1, Math.ceil(steps.length / CURVE_POINTS));
  const points: [number, number][] = [];
  for (let i = 0; i < steps.length; i += stretch) {
    const some = steps.slice(i, i + stretch);
    points.push([some.at(-1)!.step, some.reduce((sum, e) => sum + e.loss, 0) / some.length]);
  }
  return points;
}

/** A record as it is kept. problem: why the run cannot go on, its settings are what was written then; its name and events are there all the same. */
export interface ReadRecord {
  record: RunRecord;
  problem?: string;
}

const STATES: readonly string[] = ["loading", "running", "paused", "stopped", "finished", "failed"] satisfies RunState[];

/** Fields that are missing or wrong are as in a new record. null: it is no record of a run. */
export function readRecord(value: unknown): ReadRecord | null {
  if (!isObject(value) || typeof value.id !== "string" || !value.id || value.id.length > 100) return null;
  const text = (x: unknown, fallback: string, most: number): string => (typeof x === "string" && x ? x.slice(0, most) : fallback);
  const count = (x: unknown): number => (typeof x === "number" && Number.isFinite(x) && x >= 0 ? x : 0);
  const fresh = newRecord(value.id, value.id, (isObject(value.config) ? value.config : {}) as unknown as RunConfig, 0);
  const record: RunRecord = {
    ...fresh,
    name: text(value.name, value.id, LONGEST.name),
    notes: text(value.notes, "", LONGEST.notes),
    tags: Array.isArray(value.tags) ? tagsOf(value.tags) : [],
    ...(value.given === true ? { given: true } : {}),
    created: count(value.created),
    changed: count(value.changed),
    state: (STATES.includes(value.state as string) ? value.state : "stopped") as RunState,
    ...(typeof value.detail === "string" ? { detail: value.detail.slice(0, 2000) } : {}),
    step: count(value.step),
    backend: text(value.backend, "", 40),
    trainable: count(value.trainable),
    last: stateOf(value.last),
    best: bestOf(value.best),
    evaluated: isEvaluated(value.evaluated) ? evaluatedOf(value.evaluated) : null,
    curve: Array.isArray(value.curve) ? value.curve.filter(isPoint).slice(0, CURVE_POINTS) : [],
    ...(typeof value.deleted === "number" ? { deleted: value.deleted } : {}),
  };
  if (typeof value.version === "number" && value.version > RECORD_VERSION)
    return { record, problem: "was made by a newer version of Rankscope; reload the page to get it" };
  try {
    return { record: { ...record, config: parseConfig(value.config) } };
  } catch (e) {
    return { record, problem: `its settings are of another version (${(e as Error).message})` };
  }
}

/** Why there is nothing to begin it anew from, either; undefined: there is. */
export const lostStart = ({ given, last }: RunRecord): string | undefined =>
  given && !last ? "began as an adapter that was given, and ended before its first state was kept: give the adapter again" : undefined;

export const tagsOf = (tags: readonly unknown[]): string[] =>
  [...new Set(tags.flatMap((t) => (typeof t === "string" ? t.trim().slice(0, LONGEST.tag) : [])))].filter(Boolean).slice(0, LONGEST.tags);

const isPoint = (p: unknown): p is [number, number] => Array.isArray(p) && p.length === 2 && p.every((x) => typeof x === "number" && Number.isFinite(x));

const stateOf = (x: unknown): KeptState | null =>
  isObject(x) && typeof x.step === "number" && typeof x.bytes === "number" ? { step: x.step, bytes: x.bytes } : null;

const bestOf = (x: unknown): RunRecord["best"] => {
  const state = stateOf(x);
  return state && isEvaluated(x) ? { ...state, ...evaluatedOf(x) } : null;
};

const isEvaluated = (x: unknown): x is Evaluated =>
  isObject(x) &&
  typeof x.loss === "number" &&
  typeof x.metric === "number" &&
  (x.metrics === undefined || (isObject(x.metrics) && Object.values(x.metrics).every((m) => typeof m === "number")));
