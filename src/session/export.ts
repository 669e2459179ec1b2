// export.ts — a run as files that other tools open: the adapter as PEFT writes it (or the trained weights), the configuration, the event log, tables.

import pkg from "../../package.json" with { type: "json" };
import { toCsv } from "../formats/csv.ts";
import { FormatError } from "../formats/error.ts";
import { type ModelCard, modelCard } from "../formats/model-card.ts";
import type { RunConfig, TrainEvent } from "../protocol.ts";
import { fields } from "../train/fields.ts";
import type { Run } from "../train/run.ts";
import { parameterCounts, siteInfos } from "../train/subject.ts";
import { type Files, type Opened, type Watch, modelFiles, partsOf, weightFiles } from "./export-weights.ts";

/** Paths → contents of a run's folder. */
export async function runFiles(run: Run, model: Opened, config: RunConfig, events: readonly TrainEvent[]): Promise<Files> {
  const sites = siteInfos(run.target, run.off);
  const files = await weightFiles(run, model, config);
  const kind = run.target.ranks.size ? "adapter" : "full";
  // A folder that is passed on by itself says what it is.
  for (const folder of ["adapter/", "model/"])
    if (Object.keys(files).some((path) => path.startsWith(folder))) files[`${folder}README.md`] = cardOf(run, model, config, events, { kind, folder: "." });
  return {
    ...files,
    "config.json": JSON.stringify(config, null, 2) + "\n",
    "events.jsonl": events.map((e) => JSON.stringify(e)).join("\n") + "\n",
    "metrics.csv": metricsCsv(events),
    ...(events.some((e) => e.type === "allocation") ? { "allocation.csv": allocationCsv(events) } : {}),
    "ranks.csv": toCsv(sites.map(rankRow), ["layer", "module", "name", "r", "alpha", "parameters"]),
    "README.md": cardOf(run, model, config, events, { kind, folder: kind === "full" ? "model" : "adapter" }),
  };
}

/** The adapter merged into the base: a model's folder with its card. null: cancelled. Throws FormatError where shortcuts are trained. */
export async function mergedFiles(run: Run, model: Opened, config: RunConfig, events: readonly TrainEvent[], watch: Watch = {}): Promise<Files | null> {
  const files = await modelFiles(run, model, watch);
  const kind = run.target.ranks.size ? "merged" : "full";
  return files && { ...files, "README.md": cardOf(run, model, config, events, { kind, folder: "." }) };
}

/** The adapter's own files, without shortcuts. Throws FormatError where the run has no adapter. */
export async function peftFiles(run: Run, model: Opened, config: RunConfig): Promise<Files> {
  const files = Object.entries(await weightFiles(run, model, config)).filter(([path]) => path.startsWith("adapter/"));
  if (!files.length) throw new FormatError("export", "the run has no module that is on, so it has no adapter", "Export the whole run.");
  return Object.fromEntries(files.map(([path, content]) => [path.slice("adapter/".length), content]));
}

/** What lies outside of all layers has none. */
const layerOf = ({ layer }: { layer: number }): number | null => (layer < 0 ? null : layer);

const rankRow = ({ layer, module, name, r, alpha, parameters }: ReturnType<typeof siteInfos>[number]): Record<string, unknown> => ({
  layer: layerOf({ layer }),
  module,
  name,
  r,
  alpha,
  parameters,
});

/** One row per step, evaluations beside the step they followed. */
export function metricsCsv(events: readonly TrainEvent[]): string {
  const rows = new Map<number, Record<string, unknown>>();
  const row = (step: number): Record<string, unknown> => rows.get(step) ?? rows.set(step, { step }).get(step)!;
  for (const e of events) {
    if (e.type === "step") Object.assign(row(e.step), { loss: e.loss, learning_rate: e.learningRate, grad_norm: e.gradNorm, tokens: e.tokens, ms: e.ms });
    if (e.type === "evaluation") Object.assign(row(e.step), { eval_loss: e.loss, eval_metric: e.metric, ...named(e.metrics) });
  }
  const more = [...new Set(events.flatMap((e) => (e.type === "evaluation" ? Object.keys(named(e.metrics)) : [])))];
  const sorted = [...rows.values()].sort((a, b) => Number(a.step) - Number(b.step));
  return toCsv(sorted, ["step", "loss", "learning_rate", "grad_norm", "tokens", "ms", "eval_loss", "eval_metric", ...more]);
}

const named = (metrics: Record<string, number> = {}): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`eval_${name}`, value]));

/** One row per site and re-allocation. */
export function allocationCsv(events: readonly TrainEvent[]): string {
  const sites = events.find((e) => e.type === "plan")?.sites ?? [];
  const rows = events
    .filter((e) => e.type === "allocation")
    .flatMap(({ step, proxy, scores, ranks }) =>
      sites.flatMap((s, i) => (s.r > 0 ? [{ step, layer: layerOf(s), module: s.module, name: s.name, proxy, score: scores[i], r: ranks[i] }] : [])),
    );
  return toCsv(rows, ["step", "layer", "module", "name", "proxy", "score", "r"]);
}

function cardOf(run: Run, model: Opened, config: RunConfig, events: readonly TrainEvent[], is: Pick<ModelCard, "kind" | "folder">): string {
  const evaluations = events.filter((e) => e.type === "evaluation");
  const steps = events.filter((e) => e.type === "step");
  const plan = events.findLast((e) => e.type === "plan");
  const [first, last] = [evaluations[0], evaluations.at(-1)];
  const { trainable, total } = parameterCounts(run.target, run.off);
  const { adapter, shortcuts } = partsOf(run);
  const flat = (value: unknown, at: string): [string, string][] =>
    typeof value === "object" && value !== null && !Array.isArray(value) && !(at in fields)
      ? Object.entries(value).flatMap(([k, v]) => flat(v, at ? `${at}.${k}` : k))
      : [[at, typeof value === "string" ? value : JSON.stringify(value)]];
  return modelCard({
    title: `${model.files.name} fine-tuned on ${config.data.source.slice(config.data.source.indexOf(":") + 1)}`,
    baseModel: config.model.source.startsWith("hub:") ? model.files.name : config.model.source,
    revision: model.files.revision,
    ...is,
    ...(shortcuts === null ? {} : { shortcuts: { count: shortcuts, adapter } }),
    ...(model.data && "classes" in model.data ? { classes: model.data.classes } : {}),
    data: [
      ["source", config.data.source],
      ...(model.data && "chat" in model.data && model.data.chat ? ([["chat template", model.data.chat.template.title]] as const) : []),
    ],
    results: [
      ["steps", String(steps.at(-1)?.step ?? 0)],
      ["trained parameters", `${trainable.toLocaleString("en")} of ${total.toLocaleString("en")}`],
      ...(first && last
        ? ([
            ["evaluation loss", `${first.loss.toFixed(4)} → ${last.loss.toFixed(4)}`],
            ...Object.entries(last.metrics ?? { "exact match": last.metric }).map(([name, value]) => [
              name,
              `${(first.metrics?.[name] ?? first.metric).toFixed(3)} → ${value.toFixed(3)}`,
            ]),
          ] as [string, string][])
        : []),
    ],
    settings: flat(config, ""),
    versions: { Rankscope: pkg.version, backend: plan ? `${plan.backend} on ${plan.adapterName}` : run.backend.name },
    modules: siteInfos(run.target, run.off)
      .filter((s) => s.r > 0)
      .map((s) => ({ ...s, path: s.name })),
  });
}
