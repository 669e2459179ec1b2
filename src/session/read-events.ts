// read-events.ts — a log of events from a file: every event is checked before anything is made of it, since it may be a stranger's.

import { FormatError } from "../formats/error.ts";
import { isObject } from "../formats/source.ts";
import type { RunState, SiteInfo, TrainEvent } from "../protocol.ts";

type Check = (x: unknown) => boolean;

const number: Check = (x) => typeof x === "number" && Number.isFinite(x);
const text: Check = (x) => typeof x === "string" && x.length <= 100_000;
const maybe = (check: Check): Check => (x) => x === undefined || check(x); // prettier-ignore
const list = (check: Check): Check => (x) => Array.isArray(x) && x.length <= 100_000 && x.every(check); // prettier-ignore
const oneOf = (...values: readonly string[]): Check => (x) => values.includes(x as string); // prettier-ignore
const record = (check: Check): Check => (x) => isObject(x) && Object.values(x).every(check); // prettier-ignore
const fields = (checks: Record<string, Check>): Check => (x) => isObject(x) && Object.entries(checks).every(([key, check]) => check(x[key])); // prettier-ignore

const site = fields({ name: text, layer: number, module: text, in: number, out: number, r: number, alpha: number, parameters: number, kind: maybe(oneOf("residual", "shortcut")) } satisfies Record<keyof SiteInfo, Check>); // prettier-ignore
const states = ["loading", "running", "paused", "stopped", "finished", "failed"] satisfies RunState[];

type Logged = Exclude<TrainEvent["type"], "run" | "progress">;
const step = number;
const kinds: Record<Logged, Record<string, Check>> = {
  state: { state: oneOf(...states), step, detail: maybe(text), hint: maybe(text), offer: maybe(record((x) => number(x) || text(x))) },
  plan: { backend: text, adapterName: text, dispatches: number, pipelines: number, trainable: number, total: number, memory: record(number), sites: list(site) }, // prettier-ignore
  step: { step, loss: number, learningRate: number, gradNorm: number, tokens: number, ms: number, time: number },
  sites: { step, gradNorm: list(number), deltaNorm: list(number) },
  evaluation: { step, loss: number, metric: number, metrics: maybe(record(number)), rows: number },
  sample: { step, prompt: text, which: oneOf("base", "tuned"), text, expected: maybe(text) },
  ranks: { step, sites: list(site) },
  allocation: { step, proxy: text, scores: list(number), ranks: list(number), budget: number, spent: number, unit: oneOf("modules", "parameters"), milliseconds: number }, // prettier-ignore
  note: { step, text },
};
const count = (x: unknown): boolean => Number.isSafeInteger(x) && (x as number) >= 0;

/** An event with the fields that are known of its type; null: of no known type (a newer version may have more). undefined: it is damaged. */
export function readEvent(x: unknown): TrainEvent | null | undefined {
  if (!isObject(x) || typeof x.type !== "string") return undefined;
  if (!Object.hasOwn(kinds, x.type)) return null;
  const kind = kinds[x.type as Logged];
  if (!fields(kind)(x) || ("step" in kind && !count(x.step))) return undefined;
  return Object.fromEntries([["type", x.type], ...Object.keys(kind).flatMap((key) => (x[key] === undefined ? [] : [[key, x[key]]]))]) as TrainEvent;
}

const MOST = 5_000_000;

/** JSON lines → events. Throws FormatError naming the line. */
export function readEvents(bytes: Uint8Array, file: string): TrainEvent[] {
  let whole: string;
  try {
    whole = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new FormatError(file, "is not UTF-8 text", "Export the run again");
  }
  const events: TrainEvent[] = [];
  /** Of the plan before: lists by site are as long. */
  let sites = 0;
  for (const [i, line] of whole.split("\n").entries()) {
    if (!line.trim()) continue;
    const wrong = (what: string): FormatError => new FormatError(`${file}, line ${i + 1}`, what, "Export the run again");
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw wrong("is not JSON");
    }
    const event = readEvent(json);
    if (event === undefined) throw wrong("is no event of a run");
    if (event === null) continue;
    if (event.type === "plan") sites = event.sites.length;
    const lists = event.type === "sites" ? [event.gradNorm, event.deltaNorm] : event.type === "allocation" ? [event.scores, event.ranks] : [];
    if (event.type === "ranks") lists.push(event.sites as never);
    if (lists.some((l) => l.length !== sites)) throw wrong(`tells of other modules than the ${sites} of the plan`);
    if (events.push(event) > MOST) throw wrong("is one event too many");
  }
  return events;
}
