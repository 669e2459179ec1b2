// load.ts — from a configuration to everything a run is made of, short of a device: model files, tokenizer, data, what is trained. The page's
// session and the command line both start here, whatever the source.

import { type DataSet, datasets } from "../data/index.ts";
import { encodePrompt } from "../data/batch.ts";
import { type Chat, openEnd } from "../data/chat.ts";
import { columnsOf } from "../data/columns.ts";
import { DataError } from "../data/error.ts";
import { type Metric, metricsOf } from "../data/labelled-tasks.ts";
import type { Watch } from "../data/pace.ts";
import { parseRows } from "../data/parse.ts";
import { parseLabelled } from "../data/parse-labelled.ts";
import { type PrepareOptions, type PreparedData, type SourceRows, prepare } from "../data/prepare.ts";
import { type LabelledSource, type PreparedClassification, prepareClassification } from "../data/prepare-classification.ts";
import { preview, previewClassification } from "../data/preview.ts";
import { ofEvaluation, type Row, WRONG_LISTED } from "../data/row.ts";
import { chatTemplate } from "../data/template.ts";
import { type TextTokenizer, loadTokenizer } from "../data/tokenizer.ts";
import { underNames } from "../formats/checkpoint-names.ts";
import { type Checkpoint, openSafetensors } from "../formats/safetensors.ts";
import { parseModel } from "../models/index.ts";
import { ConfigError } from "../models/model.ts";
import type { DataColumns, DataPreview, RunConfig } from "../protocol.ts";
import { resolveAllocation } from "../train/allocation.ts";
import { PROMPTS } from "../train/estimate.ts";
import { checkWeights } from "../train/run.ts";
import { type Base, weightsOf } from "../train/graphs.ts";
import { missingHead, withHead } from "../train/head.ts";
import { type Target, targetOf } from "../train/subject.ts";
import type { Prompt, TrainData } from "../train/rows.ts";
import { type ModelFiles, type SourceContext, openModel } from "./sources.ts";

/** What it watches with is told of rows being read and encoded, and can stop that. */
export interface LoadContext extends SourceContext, Watch {
  /** The bytes of `file:PATH` data; null where there is no such file. */
  dataFile(path: string): Promise<Blob | Uint8Array | null>;
}

export interface LoadedModel {
  files: ModelFiles;
  base: Base;
  tokenizer: TextTokenizer;
  checkpoint: Checkpoint;
}

/** Rows with labels, and what is measured of them; the first metric is the one to compare by. */
export interface LabelledRows extends PreparedClassification {
  metrics: readonly Metric[];
}

export type LoadedData = PreparedData | LabelledRows;

export interface Loaded extends LoadedModel {
  data: LoadedData;
  target: Target;
  /** What the trainer takes. */
  rows: TrainData;
  /** The checkpoint has no head for the data's classes: it begins at random. */
  newHead: boolean;
}

/** Throws DataError, FormatError or ConfigError: what, where, what to do. */
export async function loadModel(source: string, context: LoadContext): Promise<LoadedModel> {
  const files = await openModel(source, context);
  const base = parseModel(files.config as Record<string, unknown>);
  const tokenizer = loadTokenizer(files.tokenizerJson, files.tokenizerConfig, base.config.vocabSize, {
    config: files.config,
    generationConfig: files.generationConfig,
    // A file of its own only where tokenizer_config.json has none: whoever asks a web server for a file that is not there leaves an error on the console.
    chatTemplate: (files.tokenizerConfig as { chat_template?: unknown } | null)?.chat_template ? null : await files.readText("chat_template.jinja"),
  });
  return { files, base, tokenizer, checkpoint: underNames(await openSafetensors(files.weights), base.model.body) };
}

/** The two places in a configuration that name rows. */
type SourceField = "data.source" | "data.eval_source";

async function bytesOf(source: string, context: LoadContext, field: SourceField): Promise<{ bytes: Blob | Uint8Array; name: string }> {
  if (!source.startsWith("file:")) throw new DataError(field, `"${source}" is no data source`, "Write bundled:NAME or file:PATH");
  const name = source.slice("file:".length);
  const bytes = await context.dataFile(name);
  if (!bytes) throw new DataError(field, `there is no file "${name}"`, "Check the path, or give the file again");
  return { bytes, name };
}

/** A bundled set for the task; null: the source is a file. */
function bundled<T extends DataSet["task"]>(source: string, task: T, field: SourceField): Extract<DataSet, { task: T }> | null {
  if (!source.startsWith("bundled:")) return null;
  const name = source.slice("bundled:".length);
  const set = Object.hasOwn(datasets, name) ? datasets[name] : undefined;
  const known = Object.values(datasets).filter((d) => d.task === task).map((d) => d.name); // prettier-ignore
  if (!set) throw new DataError(field, `"${name}" is no bundled data set`, `Bundled: ${known.join(", ")}`);
  if (set.task !== task)
    throw new DataError(field, `"${name}" is for ${set.task}, model.task is ${task}`, `Set model.task to "${set.task}", or take ${known.join(", ")}`);
  return set as Extract<DataSet, { task: T }>;
}

async function textRows(source: string, { data }: RunConfig, context: LoadContext, field: SourceField): Promise<SourceRows> {
  const set = bundled(source, "causal-lm", field);
  if (set) {
    const { train, heldOut } = set.load(0);
    return { rows: train, heldOut };
  }
  const { bytes, name } = await bytesOf(source, context, field);
  return parseRows(bytes, name, { format: data.format, columns: data.columns ?? {} }, context);
}

/** task: one of labelledTasks, or null. classes: where the source tells them; null: values. */
type FoundLabels = LabelledSource & { task: string | null; classes?: readonly string[] | null };

async function labelledRows(source: string, { data }: RunConfig, context: LoadContext, field: SourceField): Promise<FoundLabels> {
  const set = bundled(source, "classification", field);
  if (set) {
    const { train, heldOut } = set.load(0);
    return { rows: train, heldOut, task: set.name, classes: set.classes };
  }
  const { bytes, name } = await bytesOf(source, context, field);
  const { text, text2, label } = data.columns ?? {};
  return parseLabelled(bytes, name, definedOnly({ text, text2, label }), context);
}

const definedOnly = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;

/** The rows of data.source; where data.eval_source names others to evaluate on, those are the held-out part (of a bundled set its own held-out rows). */
async function withEvaluation<S extends SourceRows | LabelledSource>(
  config: RunConfig,
  context: LoadContext,
  read: (source: string, config: RunConfig, context: LoadContext, field: SourceField) => Promise<S>,
): Promise<S> {
  const found = await read(config.data.source, config, context, "data.source");
  const { eval_source } = config.data;
  if (eval_source === null) return found;
  const own = await read(eval_source, config, context, "data.eval_source");
  const heldOut = own.heldOut ?? own.rows;
  if (!heldOut.length) throw new DataError("data.eval_source", `"${eval_source}" has no rows that can be used`, "Check the file, or leave it out");
  const wrong = own.heldOut ? [] : (own.wrong ?? []).map(ofEvaluation);
  const wrongTotal = (found.wrongTotal ?? 0) + (own.heldOut ? 0 : (own.wrongTotal ?? 0));
  const unread = [found.unread, own.heldOut ? undefined : own.unread].filter(Boolean).join(" ");
  const listed = [...(found.wrong ?? []), ...wrong].slice(0, WRONG_LISTED);
  return { ...found, heldOut, fromEvalSource: true, wrong: listed, wrongTotal, ...(unread ? { unread } : {}) };
}

/** Places of the rows whose answers are shown: spread over the held-out part, so that kinds of questions differ. */
function spread(rows: number): number[] {
  const step = Math.max(1, Math.floor(rows / PROMPTS));
  return Array.from({ length: Math.min(PROMPTS, rows) }, (_, i) => i * step);
}

type Asked = Exclude<Row, { text: string }>;

function prompts({ heldOutRows, chat }: PreparedData, tokenizer: TextTokenizer, maxLength: number): Prompt[] {
  const asked = heldOutRows.filter((row): row is Asked => !("text" in row));
  return spread(asked.length).map((i) => {
    const { text, whole, expected } = asking(asked[i], chat);
    return { text, ids: encodePrompt(whole, tokenizer, maxLength), expected };
  });
}

/** text: the question as a person would ask it; whole: all that the model reads of it. */
function asking(row: Asked, chat: Chat | null): { text: string; whole: string; expected: string } {
  if ("prompt" in row) return { text: row.prompt, whole: row.prompt, expected: row.completion };
  const { messages } = row;
  const text = messages.findLast(({ role }) => role === "user")?.content ?? "";
  return { text, whole: openEnd(messages, chat!), expected: messages.at(-1)!.content };
}

function trainData(data: LoadedData, tokenizer: TextTokenizer, maxLength: number): TrainData {
  if (!("classes" in data)) return { train: data.train, heldOut: data.heldOut, prompts: prompts(data, tokenizer, maxLength), tokenizer };
  const { train, heldOut, classes, metrics } = data;
  const shown = spread(heldOut.length).map((i) => {
    const { text, text2, label } = data.heldOutRows[i];
    return { text: text2 === undefined ? text : `${text}\n${text2}`, example: heldOut[i], expected: String(label) };
  });
  return { train, heldOut, classes, metrics, prompts: shown };
}

function options({ data }: RunConfig, { base }: LoadedModel): PrepareOptions {
  const { maxPositions } = base.config;
  const { max_length: maxLength, eval_share: evalShare, split_seed: seed, limit } = data;
  if (maxLength > maxPositions)
    throw new ConfigError("data.max_length", `is ${maxLength}, the model reads at most ${maxPositions} tokens`, `Set it to ${maxPositions} or less.`);
  return { maxLength, evalShare, limit, seed };
}

/** Rows to continue. */
async function loadTexts(config: RunConfig, context: LoadContext, model: LoadedModel): Promise<PreparedData> {
  const how = options(config, model);
  const found = await withEvaluation(config, context, textRows);
  return prepare(found, model.tokenizer, how, chatOf(config, model.tokenizer, found), context);
}

/** How conversations are written; null: there are none. */
function chatOf({ data: { template, system } }: RunConfig, tokenizer: TextTokenizer, { rows, heldOut = [] }: SourceRows): Chat | null {
  const prompts = template !== "auto" || system !== null;
  if (!prompts && ![...rows, ...heldOut].some((row) => "messages" in row)) return null;
  return { template: chatTemplate(template, tokenizer), system, prompts };
}

export async function loadData(config: RunConfig, context: LoadContext, model: LoadedModel): Promise<LoadedData> {
  if (config.model.task === "causal-lm") return loadTexts(config, context, model);
  const how = options(config, model);
  const { task, classes, ...source } = await withEvaluation(config, context, labelledRows);
  const data = await prepareClassification(source, model.tokenizer, { ...how, ...(classes === undefined ? {} : { classes }) }, context);
  return { ...data, metrics: metricsOf(task, data.classes) };
}

/** The columns of the file in data.source; nothing where it is none or has none. Never throws: what is wrong, loading it tells. */
export async function dataColumns(config: RunConfig, context: LoadContext): Promise<{ columns?: DataColumns }> {
  if (!config.data.source.startsWith("file:")) return {};
  try {
    const { bytes, name } = await bytesOf(config.data.source, context, "data.source");
    const columns = await columnsOf(bytes, name, config);
    return columns ? { columns } : {};
  } catch {
    return {};
  }
}

export const previewOf = ({ data, tokenizer }: Loaded, shown: { first: number; rows: number }): DataPreview =>
  "classes" in data ? previewClassification(data, tokenizer, shown) : preview(data, tokenizer, shown);

/** known, data: opened before, to be used again. */
export async function load(config: RunConfig, context: LoadContext, known?: LoadedModel, data?: LoadedData): Promise<Loaded> {
  const model = known ?? (await loadModel(config.model.source, context));
  const prepared = data ?? (await loadData(config, context, model));
  const base = "classes" in prepared ? { ...model.base, classes: prepared.classes?.length ?? 1 } : model.base;
  const target = targetOf(base, config);
  resolveAllocation(target, config); // throws where it cannot be
  const newHead = missingHead(model.checkpoint, base).length > 0;
  const checkpoint = withHead(model.checkpoint, base, config.train.seed);
  checkWeights(checkpoint, weightsOf(base.model, base.config, base.classes), `${config.model.source}, model.safetensors`);
  return { ...model, base, checkpoint, data: prepared, target, rows: trainData(prepared, model.tokenizer, config.data.max_length), newHead };
}
