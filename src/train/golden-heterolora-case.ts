// golden-heterolora-case.ts — what the golden case of HeteroLoRA holds, and a run that starts from its values. Conventions:
// tests/golden/methods/heterolora/case.json.

import { type ShortcutForm, isShortcut } from "../adapters/shortcut.ts";
import type { Backend } from "../engine/backend.ts";
import type { Checkpoint } from "../formats/safetensors.ts";
import type { AdapterModule } from "../formats/peft.ts";
import { parseModel } from "../models/index.ts";
import { type Resolved, decide, offOf } from "./allocation.ts";
import { firstAllocation, firstRun } from "./config.ts";
import type { Sheet } from "./golden-sheet.ts";
import type { ScoreOptions } from "./score.ts";
import { Run, partName } from "./run.ts";
import { targetOfRanks } from "./subject.ts";
import type { Probe } from "../proxies/proxy.ts";

export interface Case {
  model: Record<string, unknown>;
  subcases: string[];
  steps: Record<string, number>;
  hyper: {
    lr: number;
    weight_decay: number;
    betas: [number, number];
    eps: number;
    r: number;
    alpha: number;
    proxy_batches: number;
    realloc_every: number;
    alpha_tolerance: number;
    dynamic_lr: number;
    shortcut_r: number;
    shortcut_alpha: number;
  };
  results: Record<string, Result>;
}

interface Result {
  units: string[];
  budget: { lora: number; shortcuts?: number };
  ties?: Record<string, { order: number[] }>;
  jacob_cov?: Record<string, number>;
  adam_steps?: Record<string, number>;
}

export interface Context {
  backend: Backend;
  c: Case;
  initial: Checkpoint;
  expected: Checkpoint;
  batches: ReturnType<typeof batchOf>[];
  sheet: Sheet;
}

export const AS_IS: ScoreOptions = { B: "as-is", seed: 0, train: firstRun.train };

export const batchOf = (b: Record<"input_ids" | "attention_mask" | "labels", number[][]>) => {
  const labels = b.labels.flatMap((row) => [...row.slice(1), -100]);
  return {
    B: b.input_ids.length,
    T: b.input_ids[0].length,
    inputIds: Int32Array.from(b.input_ids.flat()),
    labels: Int32Array.from(labels),
    attentionMask: Int32Array.from(b.attention_mask.flat()),
    tokens: labels.filter((l) => l >= 0).length,
  };
};

/** The form of a sub-case's shortcuts; null: it has none. */
const formOf = (sub: string): ShortcutForm | null => (sub === "cut_norm" ? "norm" : sub.startsWith("cut_") ? "plain" : null);

/** A unit's tensor as the case names it. */
export const tensorOf = (unit: string, key: "A" | "B"): string => `${partName(unit, key)}.weight`;

/** Where a sub-case begins: its own value, where it has one, else that of all. */
export const startOf = ({ initial }: Context, sub: string, name: string): Promise<Float32Array<ArrayBuffer>> =>
  initial.read(initial.has(`${sub}/${name}`) ? `${sub}/${name}` : name);

export async function makeRun(context: Context, sub: string): Promise<Run> {
  const { backend, c, initial, batches } = context;
  const { r, alpha, shortcut_r, shortcut_alpha, weight_decay: weightDecay } = c.hyper;
  const { units } = c.results[sub];
  const rankOf = (u: string) => (isShortcut(u) ? { r: shortcut_r, alpha: shortcut_alpha } : { r, alpha });
  const target = targetOfRanks(parseModel(c.model), new Map(units.map((u) => [u, rankOf(u)])), formOf(sub));
  const run = await Run.create({ backend, target, checkpoint: initial, maxTokens: batches[0].B * batches[0].T, weightDecay, seed: 0 });
  await loadFactors(run, units, (u, key) => startOf(context, sub, tensorOf(u, key)));
  return run;
}

/** A (r, in) and B (out, r) of every unit, as the case stores them. */
export async function loadFactors(run: Run, units: readonly string[], factor: (unit: string, key: "A" | "B") => Promise<Float32Array>): Promise<void> {
  const modules: [string, AdapterModule][] = [];
  for (const unit of units) {
    const { r, alpha } = run.target.ranks.get(unit)!;
    const site = run.target.sites.find((s) => s.name === unit)!;
    const matrix = (rows: number, columns: number, data: Float32Array) => ({ shape: [rows, columns] as const, data: Float32Array.from(data) });
    modules.push([unit, { r, alpha, scale: alpha / r, A: matrix(r, site.in, await factor(unit, "A")), B: matrix(site.out, r, await factor(unit, "B")) }]);
  }
  run.load({ modules: new Map(modules), saved: new Map() });
}

/** The case's choice: the K best of the units in one ranking, or of modules and shortcuts apart; ties in the order stored under the ranking's tag. */
export function choose(run: Run, result: Result, scores: readonly number[], tags: readonly string[]): { mask: number[]; off: ReadonlySet<string> } {
  const { units, budget } = result;
  const sites = units.map((u) => {
    const s = run.target.sites.find(({ name }) => name === u)!;
    return { in: s.in, out: s.out, r: run.target.ranks.get(u)!.r };
  });
  const { lora, shortcuts = 0 } = budget;
  const all = [...units.keys()];
  const groups = tags.length === 1 ? [all] : [all.filter((i) => !isShortcut(units[i])), all.filter((i) => isShortcut(units[i]))];
  const amounts = tags.length === 1 ? [lora + shortcuts] : [lora, shortcuts];
  const rankings = groups.map((places, k): Resolved["rankings"][number] => ({ what: "modules", places, budget: { modules: amounts[k] } }));
  const a: Resolved = { config: { ...firstAllocation, allocator: "top-k" }, names: units, sites, rankings, ranks: [], max: 0, notes: [] };
  const decision = decide(a, scores, 0, (n, ranking) => {
    const order = result.ties?.[tags[ranking]]?.order;
    return order?.length === n ? order : Array.from({ length: n }, (_, i) => i);
  });
  return { mask: decision.ranks.map((r) => (r > 0 ? 1 : 0)), off: offOf(a, decision) };
}

/** (units, 11): exp of the mean loss with the unit's whole output times 0, 0.1 … 1. */
export async function perplexities(probe: Probe, units: readonly string[]): Promise<number[]> {
  const table: number[] = [];
  for (const site of units) for (let a = 0; a <= 10; a++) table.push(Math.exp(await probe.loss({ site, by: a / 10 })));
  return table;
}

/** Scores come in the order of the model's sites. */
export function inOrder(run: Run, units: readonly string[], scores: readonly number[]): number[] {
  const names = run.target.sites.filter((s) => run.target.ranks.has(s.name)).map((s) => s.name);
  return units.map((u) => scores[names.indexOf(u)]);
}
