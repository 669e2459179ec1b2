// checkpoint.ts — all that a run goes on from: parameters, moments, every tensor's own step, what is on, and where the loop stands. Everything random
// is a function of seed and step, so a continued run is the uninterrupted one bit for bit. As a file: safetensors, the loop as JSON in its metadata.

import { FormatError } from "../formats/error.ts";
import { type ByteSource, type TensorData, openSafetensors, readSafetensorsHeader, writeSafetensors } from "../formats/safetensors.ts";
import { isObject } from "../formats/source.ts";
import type { Exact } from "../engine/backend.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Snapshot } from "./parameters.ts";
import type { Run } from "./run.ts";

/** Where the loop stands between two steps. */
export interface Loop {
  /** Training rows drawn. */
  drawn: number;
  /** Peak of the schedule, which may have been changed by hand. */
  learningRate: number;
  /** Milliseconds of training, pauses not counted. */
  time: number;
  /** The map's window: the step it began after, the steps in it, and per site the sum of the gradient's squares. */
  window: { since: number; steps: number; sums: readonly number[] };
  best: Best | null;
  /** Digest of the training rows. */
  data: number;
}

export interface Best extends Pick<Evaluation, "loss" | "metric" | "metrics"> {
  step: number;
}

export interface Checkpoint {
  /** Optimizer steps done. */
  step: number;
  state: Snapshot;
  loop: Loop;
}

/** Of a classifier by its first metric, else, and where that ties, by loss. The base, step 0, does not count. */
export function better(a: Best, than: Best | null, byMetric: boolean): boolean {
  if (a.step === 0) return false;
  if (!than) return true;
  return byMetric && a.metric !== than.metric ? a.metric > than.metric : a.loss < than.loss;
}

/** A checkpoint as it was read: not yet known to belong to a run. */
export interface StoredCheckpoint {
  step: number;
  loop: Loop;
  parameters: Exact;
  m: Exact;
  v: Exact;
  /** Per tensor. */
  steps: Int32Array;
  active: Uint8Array;
  segments: readonly StoredSegment[];
  /** Rank of every adapted site: a static allocation has set them. */
  ranks: Readonly<Record<string, number>>;
  /** Events of the run's log that were there. */
  events: number;
}

type StoredSegment = readonly [name: string, offset: number, ...shape: number[]];

const FORMAT = "rankscope-checkpoint";
const VERSION = 1;
const JSON_LIMIT = 50_000_000;

/** events: length of the run's log at this point. */
export function writeCheckpoint({ step, state, loop }: Checkpoint, run: Run, events: number): Uint8Array<ArrayBuffer> {
  const { sums, ...window } = loop.window;
  const { steps, active } = run.parameters.countersIn(state);
  const flat = (name: string, data: TensorData["data"]): TensorData => ({ name, shape: [data.length], data });
  const json = {
    version: VERSION,
    step,
    loop: { ...loop, window },
    segments: run.parameters.segments.map((s): StoredSegment => [s.name, s.offset, ...s.shape]),
    ranks: Object.fromEntries([...run.target.ranks].map(([site, { r }]) => [site, r])),
    events,
  };
  const tensors = [flat("parameters", state.parameters), flat("m", state.m), flat("v", state.v), flat("steps", steps), flat("active", active)];
  return writeSafetensors([...tensors, flat("window", Float64Array.from(sums))], { format: FORMAT, checkpoint: JSON.stringify(json) });
}

const AGAIN = "Take another checkpoint of the run";

/** Throws FormatError: no checkpoint, of a later form, damaged, or with numbers that cannot be. */
export async function readCheckpoint(source: ByteSource, file: string): Promise<StoredCheckpoint> {
  const { metadata } = await readSafetensorsHeader(source, file);
  if (metadata.format !== FORMAT || !metadata.checkpoint) throw new FormatError(file, "is no checkpoint of a run", "Name a checkpoint that a run has written");
  const wrong = (what: string): FormatError => new FormatError(file, what, AGAIN);
  const json = parse(metadata.checkpoint, wrong);
  if (json.version !== VERSION) throw new FormatError(file, `is of version ${String(json.version)}, this is version ${VERSION}`, "Update Rankscope");
  const tensors = await openSafetensors(new Map([["model.safetensors", source]]));
  const count = (value: unknown, what: string, most = Number.MAX_SAFE_INTEGER): number => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= most) return value;
    throw wrong(`${what} must be a whole number from 0, it is ${JSON.stringify(value)?.slice(0, 40)}`);
  };
  const array = async (name: string): Promise<Exact | Int32Array | Uint8Array> => {
    if (!tensors.has(name)) throw wrong(`has no tensor "${name}"`);
    if (tensors.shape(name).length !== 1) throw wrong(`tensor "${name}" is (${tensors.shape(name).join(", ")}), it must be a list`);
    const { buffer } = (await tensors.bytes(name)).slice();
    const dtype = tensors.dtype(name);
    if (dtype === "F32") return new Float32Array(buffer);
    if (dtype === "F64") return new Float64Array(buffer);
    if (dtype === "I32") return new Int32Array(buffer);
    if (dtype === "U8") return new Uint8Array(buffer);
    throw wrong(`tensor "${name}" is ${dtype}`);
  };
  const floats = async (name: string, length?: number): Promise<Exact> => {
    const data = await array(name);
    if (!(data instanceof Float32Array || data instanceof Float64Array)) throw wrong(`tensor "${name}" holds no floats`);
    if (length !== undefined && data.length !== length) throw wrong(`tensor "${name}" has ${data.length} numbers, not ${length}`);
    if (!data.every(Number.isFinite)) throw wrong(`tensor "${name}" has values that are not finite`);
    return data;
  };

  const step = count(json.step, "step", 2 ** 31 - 1);
  const segments = segmentsOf(json.segments, wrong);
  const parameters = await floats("parameters");
  const [m, v] = [await floats("m", parameters.length), await floats("v", parameters.length)];
  const [steps, active] = [await array("steps"), await array("active")];
  if (!(steps instanceof Int32Array) || !(active instanceof Uint8Array) || steps.length !== segments.length || active.length !== segments.length)
    throw wrong(`"steps" and "active" must have a number for each of the ${segments.length} tensors`);
  if (!steps.every((n) => n >= 0 && n <= step) || !active.every((a) => a <= 1)) throw wrong("has counts of steps that cannot be");
  if (!v.every((x) => x >= 0)) throw wrong('tensor "v" has negative squares');
  return {
    step,
    loop: loopOf(json.loop, await floats("window"), count, wrong),
    parameters,
    m,
    v,
    steps,
    active,
    segments,
    ranks: ranksOf(json.ranks, count, wrong),
    events: count(json.events, "events"),
  };
}

type Wrong = (what: string) => FormatError;

function parse(text: string, wrong: Wrong): Record<string, unknown> {
  if (text.length > JSON_LIMIT) throw wrong("its description is too long");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong("its description is no JSON");
  }
  if (!isObject(json)) throw wrong("its description is no object");
  return json;
}

function segmentsOf(value: unknown, wrong: Wrong): StoredSegment[] {
  const isSegment = (s: unknown): s is StoredSegment =>
    Array.isArray(s) && typeof s[0] === "string" && s.length > 1 && s.slice(1).every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!Array.isArray(value) || !value.every(isSegment)) throw wrong("its list of tensors is damaged");
  return value;
}

function ranksOf(value: unknown, count: (value: unknown, what: string, most?: number) => number, wrong: Wrong): Record<string, number> {
  if (!isObject(value)) throw wrong("its ranks are no object");
  return Object.fromEntries(Object.entries(value).map(([site, r]) => [site, count(r, `rank of ${site.slice(0, 100)}`, 1e6)]));
}

function loopOf(value: unknown, sums: Exact, count: (value: unknown, what: string, most?: number) => number, wrong: Wrong): Loop {
  if (!isObject(value) || !isObject(value.window)) throw wrong("does not say where its loop stands");
  const number = (x: unknown, what: string): number => {
    if (typeof x === "number" && Number.isFinite(x)) return x;
    throw wrong(`${what} is no number`);
  };
  const { window, best } = value;
  if (best !== null && !isObject(best)) throw wrong("its best evaluation is damaged");
  const metrics = best?.metrics;
  if (metrics !== undefined && !(isObject(metrics) && Object.values(metrics).every((x) => typeof x === "number"))) throw wrong("its best metrics are damaged");
  return {
    drawn: count(value.drawn, "rows drawn"),
    learningRate: Math.abs(number(value.learningRate, "learning rate")),
    time: number(value.time, "time"),
    window: { since: count(window.since, "window"), steps: count(window.steps, "window"), sums: [...sums] },
    best: best && {
      step: count(best.step, "best step"),
      loss: number(best.loss, "best loss"),
      metric: number(best.metric, "best metric"),
      ...(metrics ? { metrics: metrics as Record<string, number> } : {}),
    },
    data: count(value.data, "digest of the data"),
  };
}

/** The checkpoint for a run of the same shape. Throws FormatError: of another model or configuration. */
export function checkpointOf(stored: StoredCheckpoint, run: Run, file: string): Checkpoint {
  const { step, loop, parameters, m, v } = stored;
  const own = run.parameters.segments;
  const other = own.findIndex(({ name, offset, shape }, i) => `${name} ${offset} ${shape}` !== segmentText(stored.segments[i]));
  if (own.length !== stored.segments.length || other >= 0 || parameters.length !== run.parameters.flatElements)
    throw new FormatError(
      file,
      `is of another run: ${other >= 0 ? `this one trains "${own[other].name}" (${own[other].shape.join(", ")})` : "it trains other tensors"}`,
      "Model, method, modules and ranks must be those it was made with",
    );
  if (loop.window.sums.length !== run.target.sites.length) throw new FormatError(file, "is of a model with other modules", "Take the model it was made with");
  return { step, state: { parameters, m, v, segments: run.parameters.tableOf(stored.steps, stored.active) }, loop };
}

const segmentText = (s: StoredSegment | undefined): string => (s ? `${s[0]} ${s[1]} ${s.slice(2).join(",")}` : "");
