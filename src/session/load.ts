// load.ts — from a configuration to everything a run is made of, short of a device: model files, tokenizer, data, what is trained. The page's
// session and the command line both start here, whatever the source.

import { datasets } from "../data/index.ts";
import { encodePrompt } from "../data/batch.ts";
import { DataError } from "../data/error.ts";
import { parseRows } from "../data/parse.ts";
import { type PreparedData, type SourceRows, prepare } from "../data/prepare.ts";
import { type TextTokenizer, loadTokenizer } from "../data/tokenizer.ts";
import { type Checkpoint, openSafetensors } from "../formats/safetensors.ts";
import { parseModel } from "../models/index.ts";
import { ConfigError, type Model, type ModelConfig } from "../models/model.ts";
import type { RunConfig } from "../protocol.ts";
import { PROMPTS } from "../train/estimate.ts";
import { checkWeights } from "../train/run.ts";
import { weightsOf } from "../train/graphs.ts";
import { type Target, targetOf } from "../train/subject.ts";
import type { Prompt } from "../train/trainer.ts";
import { type ModelFiles, type SourceContext, openModel } from "./sources.ts";

export interface LoadContext extends SourceContext {
  /** The bytes of `file:PATH` data; null where there is no such file. */
  dataFile(path: string): Promise<Blob | Uint8Array | null>;
}

export interface LoadedModel {
  files: ModelFiles;
  base: { model: Model; config: ModelConfig };
  tokenizer: TextTokenizer;
  checkpoint: Checkpoint;
}

export interface Loaded extends LoadedModel {
  data: PreparedData;
  target: Target;
  prompts: Prompt[];
}

/** Throws DataError, FormatError or ConfigError: what, where, what to do. */
export async function loadModel(source: string, context: LoadContext): Promise<LoadedModel> {
  const files = await openModel(source, context);
  const base = parseModel(files.config as Record<string, unknown>);
  const tokenizer = loadTokenizer(files.tokenizerJson, files.tokenizerConfig, base.config.vocabSize, {
    config: files.config,
    generationConfig: files.generationConfig,
  });
  const checkpoint = await openSafetensors(files.weights);
  checkWeights(checkpoint, weightsOf(base.model, base.config));
  return { files, base, tokenizer, checkpoint };
}

export async function loadRows(config: RunConfig, context: LoadContext): Promise<SourceRows> {
  const [kind, name] = [config.data.source.slice(0, config.data.source.indexOf(":")), config.data.source.slice(config.data.source.indexOf(":") + 1)];
  if (kind === "bundled") {
    const set = datasets[name];
    if (!set) throw new DataError("data.source", `"${name}" is no bundled data set`, `Bundled: ${Object.keys(datasets).join(", ")}`);
    const { train, heldOut } = set.load(0);
    return { rows: train, heldOut };
  }
  if (kind !== "file") throw new DataError("data.source", `"${config.data.source}" is no data source`, "Write bundled:NAME or file:PATH");
  const bytes = await context.dataFile(name);
  if (!bytes) throw new DataError("data.source", `there is no file "${name}"`, "Check the path, or give the file again");
  return parseRows(bytes, name, config.data.format);
}

/** The held-out rows whose answers are shown: spread over the held-out part, so that kinds of questions differ. */
function prompts(data: PreparedData, tokenizer: TextTokenizer, maxLength: number): Prompt[] {
  const asked = data.heldOutRows.filter((r) => "prompt" in r);
  const step = Math.max(1, Math.floor(asked.length / PROMPTS));
  return asked
    .filter((_, i) => i % step === 0)
    .slice(0, PROMPTS)
    .map((row) => ({ text: row.prompt, ids: encodePrompt(row.prompt, tokenizer, maxLength), expected: row.completion }));
}

export async function loadData(config: RunConfig, context: LoadContext, { base, tokenizer }: LoadedModel): Promise<PreparedData> {
  const { maxPositions } = base.config;
  const { max_length: maxLength, eval_share: evalShare, limit } = config.data;
  if (maxLength > maxPositions)
    throw new ConfigError("data.max_length", `is ${maxLength}, the model reads at most ${maxPositions} tokens`, `Set it to ${maxPositions} or less.`);
  return prepare(await loadRows(config, context), tokenizer, { maxLength, evalShare, limit, seed: config.train.seed });
}

/** known, data: opened before, to be used again. */
export async function load(config: RunConfig, context: LoadContext, known?: LoadedModel, data?: PreparedData): Promise<Loaded> {
  const model = known ?? (await loadModel(config.model.source, context));
  const target = targetOf(model.base, config);
  const prepared = data ?? (await loadData(config, context, model));
  return { ...model, data: prepared, target, prompts: prompts(prepared, model.tokenizer, config.data.max_length) };
}
