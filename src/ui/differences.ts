// differences.ts — in which settings runs differ, and how each went, as rows of texts. Pure.
import type { RunConfig } from "../protocol.ts";
import { smooth } from "./decimate.ts";
import type { RunView } from "./fold.ts";
import { count, duration } from "./format.ts";
import { metricsOf } from "./metric.ts";
import { text } from "./strings.ts";

/** Paths whose values are not all the same, with the value of each run as a text. */
export function differencesOf(configs: readonly RunConfig[]): [path: string, values: string[]][] {
  const flat = configs.map((config) => flatten(config, ""));
  const paths = [...new Set(flat.flatMap((fields) => [...fields.keys()]))];
  return paths
    .map((path): [string, string[]] => [path, flat.map((fields) => fields.get(path) ?? "–")])
    .filter(([, values]) => values.some((value) => value !== values[0]))
    .map(([path, values]) => [path, excerpts(values)]);
}

/** By path. Also for settings of another version, which may hold anything. */
function flatten(value: unknown, at: string, into = new Map<string, string>()): Map<string, string> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    for (const [key, x] of Object.entries(value)) flatten(x, at ? `${at}.${key}` : key, into);
  else into.set(at, written(value));
  return into;
}

const written = (value: unknown): string =>
  Array.isArray(value) ? value.map(written).join(", ") : typeof value === "string" ? value : String(JSON.stringify(value));

/** Of values that are not all the same: as much as a cell holds, from a little before their first difference. */
function excerpts(values: readonly string[]): string[] {
  const most = 80;
  let same = 0;
  while (values.every((value) => value[same] === values[0][same])) same++;
  const from = values.some(({ length }) => length > most) ? Math.max(0, same - most / 4) : 0;
  return values.map((value) => (from > 0 ? "…" : "") + value.slice(from, from + most) + (value.length > from + most ? "…" : ""));
}

const words = text.library.results;

export function outcomesOf(runs: readonly { run: RunView; record: { trainable: number } }[]): [title: string, values: string[]][] {
  const last = ({ run: { steps } }: (typeof runs)[number]): string =>
    steps.length > 0 ? smooth(steps.columns.loss, steps.length, 0.8)[steps.length - 1].toFixed(3) : "–";
  const evaluations = runs.map(({ run }) => run.evaluations.at(-1));
  const metrics = [...new Set(evaluations.flatMap((e) => (e ? metricsOf(e).map(([name]) => name) : [])))];
  return [
    [words.steps, runs.map(({ run }) => count(run.steps.columns.step[run.steps.length - 1] ?? 0))],
    [words.loss, runs.map(last)],
    [words.held, evaluations.map((e) => e?.loss.toFixed(3) ?? "–")],
    ...metrics.map((name): [string, string[]] => [
      `${words.metric}, ${name}`,
      evaluations.map((e) => (e && metricsOf(e).find(([n]) => n === name)?.[1]) || "–"),
    ]),
    [words.trainable, runs.map(({ record }) => (record.trainable > 0 ? count(record.trainable) : "–"))],
    [words.time, runs.map(({ run: { steps } }) => (steps.length > 0 ? duration(steps.columns.time[steps.length - 1] / 1000) : "–"))],
  ];
}
