// golden.ts — runs a golden case (a base, an adapter, a batch; what PyTorch, transformers and PEFT compute with them) on a backend and compares.
// Formats and tolerances: tests/golden/README.md.

import type { Backend } from "../engine/backend.ts";
import { type Checkpoint, openSafetensors } from "../formats/safetensors.ts";
import { bytesSource } from "../formats/source.ts";
import { readAdapter } from "../formats/peft.ts";
import { classesOf } from "../models/config.ts";
import { parseModel } from "../models/index.ts";
import { readLogits } from "./evaluate.ts";
import { generate, greedy } from "./generate.ts";
import type { Base } from "./graphs.ts";
import { Merger } from "./merge.ts";
import { Run, partName, transpose } from "./run.ts";
import { type Target, targetOfAdapter, targetOfBase } from "./subject.ts";

export interface GoldenCase {
  name: string;
  task?: "CAUSAL_LM" | "SEQ_CLS";
  steps: number;
  optimizer: { lr: number; weight_decay: number; betas: [number, number]; eps: number };
  max_grad_norm: number | null;
  generate?: { prompt_ids: number[]; max_new_tokens: number; ids: number[] };
  noise: Record<string, number>;
}

export type Values = Map<string, { shape: readonly number[]; data: Float32Array }>;

/** files: names relative to the case's folder. */
export type CaseFiles = ReadonlyMap<string, Uint8Array>;

const json = (files: CaseFiles, name: string): never => JSON.parse(new TextDecoder().decode(files.get(name)!)) as never;
const only = (files: CaseFiles, prefix: string): Map<string, Uint8Array> =>
  new Map([...files].filter(([n]) => n.startsWith(prefix)).map(([n, b]) => [n.slice(prefix.length), b]));

const NEEDED = ["case.json", "config.json", "model.safetensors", "batch.json", "expected.safetensors"];

/** The method a folder is a case of; null: it is a case of a model. */
export function methodOf(files: CaseFiles): string | null {
  if (!files.has("case.json") || !files.has("initial.safetensors") || files.has("config.json")) return null;
  return (json(files, "case.json") as { method?: string }).method ?? "";
}

/** Why a folder cannot be run as a case; null: it can be tried. */
export function unsupported(files: CaseFiles): string | null {
  const method = methodOf(files);
  if (method !== null) return `cases of the method "${method}" are not supported yet`;
  const missing = NEEDED.filter((name) => !files.has(name));
  if (missing.length) return `is no golden case: it has no ${missing.join(", ")}`;
  const { optimizer } = json(files, "case.json") as { optimizer: object };
  return "groups" in optimizer ? "optimizers with groups of parameters are not supported yet" : null;
}

/** All values the case expects, computed here, under the same names. recompute: with gradient checkpointing, which must change nothing. */
export async function computeCase(backend: Backend, files: CaseFiles, { recompute = false } = {}): Promise<Values> {
  const spec: GoldenCase = json(files, "case.json");
  const config: Record<string, unknown> = json(files, "config.json");
  const classes = spec.task === "SEQ_CLS" ? classesOf(config) : undefined;
  const base: Base = { ...parseModel(config), classes };
  const checkpoint = await openSafetensors(new Map([["model.safetensors", bytesSource(files.get("model.safetensors")!)]]));
  const batch: { input_ids: number[][]; attention_mask: number[][]; token_type_ids?: number[][]; labels: (number | number[])[] } = json(files, "batch.json");
  const peft = files.has("adapter/adapter_config.json") ? await readAdapter(only(files, "adapter/")) : null;
  const { subject, ...rest }: Target = peft ? targetOfAdapter(base, peft) : allWeights(targetOfBase(base));
  const target: Target = { ...rest, subject: { ...subject, recompute } };
  const [B, T] = [batch.input_ids.length, batch.input_ids[0].length];
  const shape = classes ? [B, classes] : [B, T, base.config.vocabSize];

  const run = await Run.create({ backend, target, checkpoint, maxTokens: B * T, weightDecay: spec.optimizer.weight_decay, seed: 0 });
  if (peft) run.load(peft);
  const values: Values = new Map();
  const put = (name: string, shape: readonly number[], data: ArrayLike<number>): void => void values.set(name, { shape, data: Float32Array.from(data) });

  // Per row; or shifted, per token.
  const labels = batch.labels.flatMap((row) => (Array.isArray(row) ? [...row.slice(1), -100] : row));
  run.plans.write("inputIds", Int32Array.from(batch.input_ids.flat()));
  run.plans.write("mask", Int32Array.from(batch.attention_mask.flat()));
  run.plans.write("typeIds", Int32Array.from((batch.token_type_ids ?? batch.input_ids.map((row) => row.map(() => 0))).flat()));
  if (classes === 1) run.plans.write("values", Float32Array.from(labels));
  else run.plans.write("labels", Int32Array.from(labels));
  run.plans.write("denominator", Float32Array.of(classes ? B : labels.filter((l) => l >= 0).length));

  put("logits", shape, await readLogits(run, B, T));
  if (peft) put("base_logits", shape, await run.asBase(null, () => readLogits(run, B, T)));
  if (spec.generate)
    put("generate.ids", [spec.generate.ids.length], (await generate(run, [spec.generate.prompt_ids], greedy(spec.generate.max_new_tokens)))[0]);
  run.plans.write("inputIds", Int32Array.from(batch.input_ids.flat()));
  if (peft) await mergedWeights(run, await expectedOf(files), put);

  const micro = await run.plans.micro(B, T);
  const update = await run.plans.update();
  const loss = async (): Promise<number> => (await backend.read({ ...micro.captures.get("loss")!, elements: 1 }))[0];
  await backend.run(micro);
  put("loss", [1], [await loss()]);
  await eachTensor(run, "gradients", (name, shape, data) => put(`grad.${name}`, shape, data));
  run.parameters.clearGradients();

  const [losses, norms]: number[][] = [[], []];
  const { lr, betas, eps } = spec.optimizer;
  for (let step = 0; step < spec.steps; step++) {
    run.plans.write("scalars", Float32Array.of(lr, betas[0], betas[1], eps, spec.max_grad_norm ?? 0, 1, 0, 0));
    await backend.run(micro);
    await backend.run(update);
    losses.push(await loss());
    norms.push((await backend.read({ ...update.captures.get("norm")!, elements: 1 }))[0]);
  }
  put("losses", [spec.steps], losses);
  put("grad_norms", [spec.steps], norms);
  await eachTensor(run, "parameters", (name, shape, data) => put(`final.${name}`, shape, data));
  run.destroy();
  return values;
}

const allWeights = (t: Target): Target => ({ ...t, subject: { ...t.subject, adaptation: { ...t.subject.adaptation, trains: () => true } } });

/** Every trainable under its name in the file it came from. */
async function eachTensor(run: Run, from: "parameters" | "gradients", put: (name: string, shape: number[], data: Float32Array) => void): Promise<void> {
  for (const s of run.parameters.segments) {
    const site = run.target.ranks.get(s.name.slice(0, s.name.lastIndexOf(".")));
    const data = await run.parameters.read(s.name, from);
    if (!site) {
      put(run.target.ranks.size ? `base_model.model.${s.name}` : s.name, [...s.shape], data);
      continue;
    }
    const path = s.name.slice(0, s.name.lastIndexOf("."));
    const width = s.shape[1];
    const used = data.slice(0, site.r * width);
    if (s.name === partName(path, "A")) put(`base_model.model.${path}.lora_A.weight`, [site.r, width], used);
    else put(`base_model.model.${path}.lora_B.weight`, [width, site.r], transpose(used, site.r, width));
  }
}

const expectedOf = (files: CaseFiles): Promise<Checkpoint> =>
  openSafetensors(new Map([["model.safetensors", bytesSource(files.get("expected.safetensors")!)]]));

/** The adapted modules that are expected merged. */
async function mergedWeights(run: Run, expected: Checkpoint, put: (name: string, shape: number[], data: Float32Array) => void): Promise<void> {
  const wanted = run.target.sites.filter((s) => run.target.ranks.has(s.name) && expected.has(`merged.${s.name}`));
  const merger = new Merger(run);
  for (const site of wanted) put(`merged.${site.name}`, [site.out, site.in], await merger.weight(site.name));
  merger.destroy();
}

export interface Comparison {
  kind: string;
  /** Worst error of the kind and where it is. */
  worst: number;
  at: string;
  tolerance: number;
  count: number;
}

const FLOORS: Record<string, number> = {
  logits: 2e-5,
  base_logits: 2e-5,
  loss: 1e-5,
  grad: 5e-5,
  merged: 2e-6,
  losses: 2e-5,
  grad_norms: 2e-5,
  final: 1e-3,
  "generate.ids": 0,
};

/** Every expected tensor against its value; a value that is missing counts as infinitely wrong. */
export async function compareCase(files: CaseFiles, values: Values): Promise<Comparison[]> {
  const spec: GoldenCase = json(files, "case.json");
  const batch: { attention_mask: number[][] } = json(files, "batch.json");
  const mask = batch.attention_mask.flat();
  const expected = await expectedOf(files);
  const startFile = files.get("adapter/adapter_model.safetensors") ?? files.get("model.safetensors")!;
  const start = await openSafetensors(new Map([["model.safetensors", bytesSource(startFile)]]));
  const byKind = new Map<string, Comparison>();
  const note = (kind: string, at: string, error: number): void => {
    const c = byKind.get(kind) ?? { kind, worst: 0, at: "", tolerance: Math.max(FLOORS[kind], 20 * (spec.noise[kind] ?? 0)), count: 0 };
    c.count++;
    if (!(error <= c.worst)) [c.worst, c.at] = [error, at];
    byKind.set(kind, c);
  };
  for (const name of expected.names()) {
    const truth = await expected.read(name);
    const value = values.get(name)?.data;
    const kind = name in FLOORS ? name : name.slice(0, name.indexOf("."));
    if (!value || value.length !== truth.length) note(kind, name, Infinity);
    else if (kind === "final") {
      const from = await start.read(name.slice("final.".length));
      note(kind, name, Math.sqrt(sumOf(truth, (t, i) => (value[i] - t) ** 2) / sumOf(truth, (t, i) => (t - from[i]) ** 2)));
    } else {
      const row = kind.endsWith("logits") && spec.task !== "SEQ_CLS" ? truth.length / mask.length : 0;
      const counts = (i: number): boolean => !row || mask[Math.floor(i / row)] === 1;
      let [difference, scale] = [0, 0];
      truth.forEach((t, i) => {
        if (!counts(i)) return;
        if (!(Math.abs(value[i] - t) <= difference)) difference = Math.abs(value[i] - t);
        scale = Math.max(scale, Math.abs(t));
      });
      note(kind, name, difference / scale);
    }
  }
  if (spec.generate) {
    const ids = values.get("generate.ids")?.data;
    note("generate.ids", "generate.ids", `${ids && [...ids]}` === `${spec.generate.ids}` ? 0 : Infinity);
  }
  return [...byKind.values()];
}

const sumOf = (data: Float32Array, of: (v: number, i: number) => number): number => data.reduce((sum, v, i) => sum + of(v, i), 0);
