// export.ts — a run as files that other tools open: the adapter as PEFT writes it (or the trained weights), the configuration, the event log, tables.

import pkg from "../../package.json" with { type: "json" };
import { isShortcut } from "../adapters/shortcut.ts";
import { toCsv } from "../formats/csv.ts";
import { modelCard } from "../formats/model-card.ts";
import { writeAdapter } from "../formats/peft.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import type { RunConfig, TrainEvent } from "../protocol.ts";
import { fields } from "../train/fields.ts";
import { weightsOf } from "../train/graphs.ts";
import type { Run } from "../train/run.ts";
import { parameterCounts, siteInfos } from "../train/subject.ts";
import type { LoadedData, LoadedModel } from "./load.ts";

/** data: for the names of the classes. */
type Opened = LoadedModel & { data?: LoadedData };

/** Paths → contents of a run's folder. `steps`: optimizer steps the weights have seen. */
export async function runFiles(run: Run, model: Opened, config: RunConfig, events: readonly TrainEvent[]): Promise<Record<string, Uint8Array | string>> {
  const sites = siteInfos(run.target, run.off);
  const { subject } = run.target;
  const classifier = subject.classes ? subject.model.classifier! : null;
  const adapted = sites.filter((s) => s.r > 0 && !isShortcut(s.name));
  const files: Record<string, Uint8Array | string> = {};
  if (adapted.length) {
    const modules = await Promise.all(
      adapted.map(async (s) => ({ path: s.name, r: s.r, alpha: s.alpha, in: s.in, out: s.out, ...(await run.lowRank(s.name)) })),
    );
    const written = writeAdapter({
      baseModel: model.files.name,
      revision: model.files.revision,
      taskType: classifier ? "SEQ_CLS" : "CAUSAL_LM",
      modules,
      sites: sites.map((s) => s.name),
      dropout: config.lora_dropout,
      ...(classifier ? { saved: { modules: [classifier.module], tensors: await run.saved() } } : {}),
    });
    files["adapter/adapter_config.json"] = written["adapter_config.json"];
    files["adapter/adapter_model.safetensors"] = written["adapter_model.safetensors"];
  } else {
    const trained = new Set(run.parameters.segments.map((s) => s.name));
    const weights = weightsOf(subject.model, subject.config, subject.classes);
    const tensors = await Promise.all(
      weights.map(async (w) => ({ ...w, data: await (trained.has(w.name) ? run.parameters.read(w.name) : model.checkpoint.read(w.name)) })),
    );
    files["model/model.safetensors"] = writeSafetensors(tensors, { format: "pt" });
    const written = { ...(model.files.config as object), ...(classifier && labelsOf(model, classifier.architecture)) };
    // The weights are written as they are computed with.
    const f32 = Object.fromEntries(["dtype", "torch_dtype"].filter((key) => key in written).map((key) => [key, "float32"]));
    files["model/config.json"] = JSON.stringify({ ...written, ...f32 }, null, 2);
    // The folder opens again by itself: here, and with from_pretrained.
    for (const name of ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "chat_template.jinja"]) {
      const text = await model.files.readText(name);
      if (text !== null) files[`model/${name}`] = text;
    }
  }
  const card = cardOf(run, model, config, events);
  files[adapted.length ? "adapter/README.md" : "model/README.md"] = card;
  return {
    ...files,
    "config.json": JSON.stringify(config, null, 2) + "\n",
    "events.jsonl": events.map((e) => JSON.stringify(e)).join("\n") + "\n",
    "metrics.csv": metricsCsv(events),
    ...(events.some((e) => e.type === "allocation") ? { "allocation.csv": allocationCsv(events) } : {}),
    "ranks.csv": toCsv(sites.map(rankRow), ["layer", "module", "name", "r", "alpha", "parameters"]),
    "README.md": card,
  };
}

/** What config.json of a classifier says beside the body's. */
function labelsOf({ data }: Opened, architecture: string): Record<string, unknown> {
  const names = (data && "classes" in data && data.classes) || ["LABEL_0"];
  const regression = names.length === 1 ? { problem_type: "regression" } : {};
  return { architectures: [architecture], id2label: { ...names }, label2id: Object.fromEntries(names.map((name, i) => [name, i])), ...regression };
}

const rankRow = ({ layer, module, name, r, alpha, parameters }: ReturnType<typeof siteInfos>[number]): Record<string, unknown> => ({
  layer,
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
      sites.flatMap((s, i) => (s.r > 0 ? [{ step, layer: s.layer, module: s.module, name: s.name, proxy, score: scores[i], r: ranks[i] }] : [])),
    );
  return toCsv(rows, ["step", "layer", "module", "name", "proxy", "score", "r"]);
}

function cardOf(run: Run, model: Opened, config: RunConfig, events: readonly TrainEvent[]): string {
  const evaluations = events.filter((e) => e.type === "evaluation");
  const steps = events.filter((e) => e.type === "step");
  const plan = events.findLast((e) => e.type === "plan");
  const [first, last] = [evaluations[0], evaluations.at(-1)];
  const { trainable, total } = parameterCounts(run.target, run.off);
  const flat = (value: unknown, at: string): [string, string][] =>
    typeof value === "object" && value !== null && !Array.isArray(value) && !(at in fields)
      ? Object.entries(value).flatMap(([k, v]) => flat(v, at ? `${at}.${k}` : k))
      : [[at, typeof value === "string" ? value : JSON.stringify(value)]];
  return modelCard({
    title: `${model.files.name} fine-tuned on ${config.data.source.slice(config.data.source.indexOf(":") + 1)}`,
    baseModel: model.files.name,
    revision: model.files.revision,
    kind: run.target.ranks.size ? "adapter" : "full",
    ...(model.data && "classes" in model.data ? { classes: model.data.classes } : {}),
    data: [["source", config.data.source]],
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
