// export-weights.ts — what a run trained, as files: a PEFT adapter; beside it, or alone, the shortcuts that PEFT cannot hold, with a loader; or, after
// full fine-tuning, the whole model.

import { isShortcut } from "../adapters/shortcut.ts";
import { writeAdapter } from "../formats/peft.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { writeShortcuts } from "../formats/shortcuts.ts";
import type { RunConfig } from "../protocol.ts";
import { weightsOf } from "../train/graphs.ts";
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
  if (!parts.adapter && parts.shortcuts === null) return wholeModel(run, model);
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

async function wholeModel(run: Run, model: Opened): Promise<Files> {
  const { subject } = run.target;
  const files: Files = {};
  const trained = new Set(run.parameters.segments.map((s) => s.name));
  const weights = weightsOf(subject.model, subject.config, subject.classes);
  const tensors = await Promise.all(
    weights.map(async (w) => ({ ...w, data: await (trained.has(w.name) ? run.parameters.read(w.name) : model.checkpoint.read(w.name)) })),
  );
  files["model/model.safetensors"] = writeSafetensors(tensors, { format: "pt" });
  const written = { ...(model.files.config as object), ...(subject.classes && labelsOf(model, subject.model.classifier!.architecture)) };
  // The weights are written as they are computed with.
  const f32 = Object.fromEntries(["dtype", "torch_dtype"].filter((key) => key in written).map((key) => [key, "float32"]));
  files["model/config.json"] = JSON.stringify({ ...written, ...f32 }, null, 2);
  // The folder opens again by itself: here, and with from_pretrained.
  for (const name of ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json", "chat_template.jinja"]) {
    const text = await model.files.readText(name);
    if (text !== null) files[`model/${name}`] = text;
  }
  return files;
}

/** What config.json of a classifier says beside the body's. */
function labelsOf({ data }: Opened, architecture: string): Record<string, unknown> {
  const names = (data && "classes" in data && data.classes) || ["LABEL_0"];
  const regression = names.length === 1 ? { problem_type: "regression" } : {};
  return { architectures: [architecture], id2label: { ...names }, label2id: Object.fromEntries(names.map((name, i) => [name, i])), ...regression };
}
