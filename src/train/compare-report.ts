// compare-report.ts — a comparison as files: a table in Markdown to read, CSV with a row per run to compute with, a picture, and all of it as JSON.

import { toCsv } from "../formats/csv.ts";
import type { TrainEvent } from "../protocol.ts";
import type { ArmRun, ArmSummary, Comparison, ComparisonSummary } from "../protocol/comparison.ts";
import { difference, level, range } from "../statistics/measure-words.ts";
import { plotSvg } from "./compare-plot.ts";
import { slug } from "./compare.ts";

const number = (n: number | null): string => (n === null ? "–" : Math.round(n).toLocaleString("en"));
const cell = (text: string): string => text.replaceAll("|", "\\|");

/** Every arm a row; under it the verdicts and what is worth knowing. */
export function tableMarkdown(summary: ComparisonSummary): string {
  const { measure, on, rows, arms } = summary;
  const shown = (value: number | null): string => (value === null ? "–" : level(value, measure));
  const others = [...new Set(arms.flatMap((a) => Object.keys(a.metrics)))].filter((name) => name !== measure);
  const heading = [
    "arm",
    "seeds",
    `${measure || "result"} (${on}, ${rows} rows)`,
    "95 % interval",
    ...others,
    "difference to the first arm",
    ...(on === "test" ? ["held-out, last"] : []),
    "held-out, best",
    "trained numbers",
    "seconds",
    "MiB",
  ];
  const line = (a: ArmSummary): string[] => [
    a.name + (a.reference ? " (reference)" : ""),
    String(a.points.length),
    shown(a.mean),
    a.interval ? range(a.interval, measure) : "–",
    ...others.map((name) => (name in a.metrics ? level(a.metrics[name], name) : "–")),
    a.difference ? difference(a.difference, measure) : "–",
    ...(on === "test" ? [shown(a.validation)] : []),
    shown(a.best),
    number(a.trainable ?? a.size?.most ?? null),
    a.seconds === null ? "–" : a.seconds.toFixed(1),
    a.bytes === null ? "–" : (a.bytes / 2 ** 20).toFixed(1),
  ];
  const table = [heading, heading.map(() => "---"), ...arms.map(line)].map((cells) => `| ${cells.map(cell).join(" | ")} |`);
  const said = arms.flatMap((a) => (a.verdict ? [`- ${a.verdict}`] : []));
  const notes = summary.notes.map((text) => `- ${text}`);
  return [...table, ...(said.length ? ["", ...said] : []), ...(notes.length ? ["", ...notes] : []), ""].join("\n");
}

/** A row per run that is there, failed ones too. */
export function tableCsv({ arms }: Comparison, runs: readonly ArmRun[], summary: ComparisonSummary): string {
  const value = (run: ArmRun): number | undefined => summary.arms.find((a) => a.name === run.arm)?.points.find((p) => p.seed === run.seed)?.value;
  const names = [...new Set(runs.flatMap((r) => Object.keys(r.result?.validation.metrics ?? {})))];
  const rows = runs.map((run) => ({
    arm: run.arm,
    reference: arms.find((a) => a.name === run.arm)?.reference ?? false,
    seed: run.seed,
    value: value(run),
    base: run.result?.base,
    best: run.result?.best?.metric,
    best_step: run.result?.best?.step,
    ...Object.fromEntries(
      names.flatMap((n) => [
        [`validation ${n}`, run.result?.validation.metrics[n]],
        [`test ${n}`, run.result?.test?.metrics[n]],
      ]),
    ),
    steps: run.result?.steps,
    trainable: run.result?.trainable,
    seconds: run.result?.seconds,
    bytes: run.result?.bytes,
    backend: run.result?.backend,
    failed: run.failed?.what,
  }));
  const tests = runs.some((r) => r.result?.test) ? names.map((n) => `test ${n}`) : [];
  const columns = ["arm", "reference", "seed", "value", ...names.map((n) => `validation ${n}`), ...tests, "base", "best", "best_step"];
  return toCsv(rows, [...columns, "steps", "trainable", "seconds", "bytes", "backend", "failed"]);
}

/** What lies in the folder of a comparison beside its runs: path → content. */
export const reportFiles = (comparison: Comparison, runs: readonly ArmRun[], summary: ComparisonSummary): Record<string, string> => ({
  "results.json": `${JSON.stringify({ comparison, runs, summary })}\n`,
  "table.md": tableMarkdown(summary),
  "table.csv": tableCsv(comparison, runs, summary),
  "plot.svg": plotSvg(summary),
});

/** The two files of a run there. */
export function runFiles(run: ArmRun, events: readonly TrainEvent[]): Record<string, string> {
  const file = `runs/${slug(run.arm)}.seed-${run.seed}`;
  return { [`${file}.events.jsonl`]: events.map((e) => `${JSON.stringify(e)}\n`).join(""), [`${file}.json`]: `${JSON.stringify(run)}\n` };
}
