// export-weights.ts — what a run trained, as files: a PEFT adapter; beside it, or alone, the shortcuts that PEFT cannot hold, with a loader; or, after
// full fine-tuning, or with the adapter merged into it, the whole model.

import { isShortcut } from "../adapters/shortcut.ts";
import { size } from "../engine/tensor.ts";
import { FormatError } from "../formats/error.ts";
import { writeAdapter } from "../formats/peft.ts";
import { type TensorData, writeSafetensors } from "../formats/safetensors.ts";
import { writeShortcuts } from "../formats/shortcuts.ts";
import type { RunConfig } from "../protocol.ts";
import { weightsOf } from "../train/graphs.ts";
import { Merger } from "../train/merge.ts";
import type { Run } from "../train/run.ts";
import { siteInfos } from "../train/subject.ts";
import type { LoadedData, LoadedModel } from "./load.ts";
import loader from "./load_shortcuts.py?raw";

/** data: for the names of the classes. */
export type Opened = LoadedModel & { data?: LoadedData };
export type Files = Record<string, Uint8Array | string>;

/** Which parts a run's files have: adapter/, shortcuts.*, model/. */
export interface Parts {
  adapter: boolean;
  /** How many; 0 and yet there where the form is the authors', whose norms stay. null: none. */
  shortcuts: number | null;
}

/** What is on now. */
export function partsOf({ target, off }: Run): Parts {
  const on = siteInfos(target, off).filter((s) => s.r > 0);
  const cuts = on.filter((s) => isShortcut(s.name)).length;
  const form = target.subject.adaptation.shortcuts;
  return { adapter: on.length > cuts, shortcuts: cuts || form === "norm" ? cuts : null };
}

export async function weightFiles(run: Run, model: Opened, config: RunConfig): Promise<Files> {
  const parts = partsOf(run);
  if (!parts.adapter && parts.shortcuts === null) {
    const files = await modelFiles(run, model);
    return Object.fromEntries(Object.entries(files!).map(([name, content]) => [`model/${name}`, content]));
  }
  const { subject } = run.target;
  const classifier = subject.classes ? subject.model.classifier! : null;
  const sites = siteInfos(run.target, run.off);
  const factors = (cuts: boolean) =>
    Promise.all(
      sites
        .filter((s) => s.r > 0 && isShortcut(s.name) === cuts)
        .map(async (s) => ({ path: s.name, r: s.r, alpha: s.alpha, in: s.in, out: s.out, ...(await run.lowRank(s.name)) })),
    );
  const base = { baseModel: model.files.name, revision: model.files.revision, taskType: classifier ? ("SEQ_CLS" as const) : ("CAUSAL_LM" as const) };
  const files: Files = {};
  if (parts.adapter) {
    const written = writeAdapter({
      ...base,
      modules: await factors(false),
      sites: sites.map((s) => s.name),
      dropout: config.lora_dropout,
      ...(classifier ? { saved: { modules: [classifier.module], tensors: await run.saved() } } : {}),
    });
    for (const [name, content] of Object.entries(written)) files[`adapter/${name}`] = content as string | Uint8Array;
  }
  const form = subject.adaptation.shortcuts;
  if (form && parts.shortcuts !== null)
    Object.assign(
      files,
      writeShortcuts({
        ...base,
        modelType: subject.model.modelType,
        form,
        shortcuts: await factors(true),
        adapter: parts.adapter,
        saved: parts.adapter ? [] : await run.saved(),
      }),
      { "load_shortcuts.py": loader },
    );
  return files;
}

/** Asked while weights are written; `done` and `total` count bytes. */
export interface Watch {
  progress?: (done: number, total: number) => void;
  cancelled?: () => boolean;
}

/** Bytes of the weights of a whole model. */
export const modelBytes = ({ target: { subject } }: Pick<Run, "target">): number =>
  weightsOf(subject.model, subject.config, subject.classes).reduce((sum, { shape }) => sum + 4 * size(shape), 0);

/**
 * The whole model as it answers now, a folder that from_pretrained opens: the adapter merged into the weights that it adapts, trained weights and a
 * classifier's head as they are. null: cancelled. Throws FormatError where shortcuts are trained: they belong to no weight.
 */
export async function modelFiles(run: Run, model: Opened, { progress, cancelled = () => false }: Watch = {}): Promise<Files | null> {
  const { shortcuts } = partsOf(run);
  if (shortcuts !== null)
    throw new FormatError(
      "merged model",
      `cannot hold the run's ${shortcuts} shortcuts${shortcuts ? "" : " and the norms behind them"}: they belong to no weight of the base`,
      "Export the whole run: load_shortcuts.py in it puts them on the base.",
    );
  const { subject, sites } = run.target;
  const trained = new Set(run.parameters.segments.map((s) => s.name));
  const adapted = new Map(sites.filter((s) => run.target.ranks.has(s.name)).map((s) => [`${s.name}.weight`, s.name]));
  const merger = new Merger(run);
  const total = modelBytes(run);
  const tensors: TensorData[] = [];
  try {
    let done = 0;
    for (const { name, shape } of weightsOf(subject.model, subject.config, subject.classes)) {
      if (cancelled()) return null;
      const site = adapted.get(name);
      const data = trained.has(name) ? await run.parameters.read(name) : site === undefined ? await run.weight(name) : await merger.weight(site);
      tensors.push({ name, shape, data });
      progress?.((done += 4 * data.length), total);
    }
  } finally {
    merger.destroy();
  }
  const files: Files = { "model.safetensors": writeSafetensors(tensors, { format: "pt" }) };
  const written = { ...(model.files.config as object), ...(subject.classes && labelsOf(model, subject.model.classifier!.architecture)) };
  // The weights are written as they are computed with.
  const f32 = Object.fromEntries(["dtype", "torch_dtype"].filter((key) => key in written).map((key) => [key, "float32"]));
  files["config.json"] = JSON.stringify({ ...written, ...f32 }, null, 2);
  // The folder opens again by itself: here, and with from_pretrained.
  for (const name of TOKENIZER_FILES) {
    const text = await model.files.readText(name);
    if (text !== null) files[name] = text;
  }
  return files;
}

const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "generation_config.json",
  "chat_template.jinja",
];

/** What config.json of a classifier says beside the body's. A decoder reads the last token that is no padding, and must know which that is. */
function labelsOf({ data, tokenizer, files }: Opened, architecture: string): Record<string, unknown> {
  const names = (data && "classes" in data && data.classes) || ["LABEL_0"];
  const regression = names.length === 1 ? { problem_type: "regression" } : {};
  const known = (files.config as { pad_token_id?: number | null }).pad_token_id ?? tokenizer.padId;
  return {
    architectures: [architecture],
    id2label: { ...names },
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
    ...regression,
    ...(known === null ? {} : { pad_token_id: known }),
  };
}
