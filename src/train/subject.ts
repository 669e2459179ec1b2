// subject.ts — from a model and a configuration to what is trained: which sites, at which rank and scale, or which weights.

import type { Site } from "../adapters/adapter.ts";
import { type AdapterName, adapters } from "../adapters/index.ts";
import { type ShortcutForm, shortcut } from "../adapters/shortcut.ts";
import { pad4, size } from "../engine/tensor.ts";
import { matchTarget, patternValue } from "../formats/peft.ts";
import type { Trained } from "../formats/shortcuts.ts";
import { type MethodName, methods } from "../methods/index.ts";
import { ConfigError } from "../models/model.ts";
import type { RunConfig, SiteInfo } from "../protocol.ts";
import { type Base, type Subject, isHead, sitesOf, weightsOf } from "./graphs.ts";

/** r and alpha of one adapted site. */
export interface SiteRank {
  r: number;
  alpha: number;
}

export interface Target {
  subject: Subject;
  sites: readonly Site[];
  ranks: ReadonlyMap<string, SiteRank>;
  /** α/r per site, in the order of `sites`; 0 where not adapted. The scales leaf. */
  scales: Float32Array;
}

function target(
  { model, config, classes }: Base,
  sites: readonly Site[],
  ranks: ReadonlyMap<string, SiteRank>,
  adapter: AdapterName | null,
  dropout: number,
  trains: (weight: string) => boolean,
  shortcuts: ShortcutForm | null = null,
): Target {
  const index = new Map(sites.map((s, i) => [s.name, i]));
  const used = adapter && adapters[adapter];
  const scales = new Float32Array(pad4(sites.length));
  sites.forEach((s, i) => {
    const rank = ranks.get(s.name);
    if (rank && used) scales[i] = (s.kind === "linear" ? used : shortcut).scaling(rank.alpha, rank.r);
  });
  const adaptation = {
    adapter: used,
    rank: (site: string) => ranks.get(site)?.r ?? 0,
    index: (site: string) => index.get(site)!,
    scales: scales.length,
    trains,
    shortcuts,
    dropout,
  };
  return { subject: { model, config, classes, adaptation }, sites, ranks, scales };
}

/** What a run configuration trains. Throws ConfigError naming the field. */
export function targetOf(base: Base, run: RunConfig): Target {
  if (!base.classes && !base.model.head) throw new ConfigError("model.task", `is causal-lm, ${base.model.name} cannot write`, 'Set it to "classification".');
  const { allocation } = run;
  const shortcuts = allocation && allocation.shortcuts !== "off" ? allocation.shortcut_form : null;
  const sites = sitesOf(base.model, base.config, base.classes, shortcuts);
  const method = methods[run.method as MethodName];
  if (!method.adapter) {
    const moduleOf = (weight: string): string => weight.replace(/\.(weight|bias)$/, "");
    const all = run.target_modules.includes("all");
    if (!all) checkNames(run.target_modules, weightsOf(base.model, base.config, base.classes).map((w) => moduleOf(w.name))); // prettier-ignore
    const trains = (weight: string): boolean => all || isHead(base, weight) || matchTarget({ target_modules: run.target_modules }, moduleOf(weight));
    return recomputing(target(base, sites, new Map(), null, 0, trains), run);
  }
  const linears = sites.filter((s) => s.kind === "linear");
  checkNames(run.target_modules, linears.map((s) => s.name)); // prettier-ignore
  const ranks = new Map<string, SiteRank>();
  for (const site of linears) {
    if (!matchTarget({ target_modules: run.target_modules }, site.name)) continue;
    const r = patternValue(run.rank_pattern, site.name, run.r, "rank_pattern");
    const alpha = patternValue(run.alpha_pattern, site.name, run.lora_alpha, "alpha_pattern");
    const most = Math.min(site.in, site.out);
    if (!Number.isInteger(r) || r < 1 || r > most)
      throw new ConfigError(
        Object.is(r, run.r) ? "r" : "rank_pattern",
        `${site.name} is ${site.out} × ${site.in}: its rank must be a whole number from 1 to ${most}, it is ${r}`,
        "To leave a module out, take it off target_modules.",
      );
    if (!(alpha > 0))
      throw new ConfigError(
        Object.is(alpha, run.lora_alpha) ? "lora_alpha" : "alpha_pattern",
        `${site.name}: alpha must be above 0, it is ${alpha}`,
        "Twice the rank is a good start.",
      );
    ranks.set(site.name, { r, alpha });
  }
  for (const site of sites) {
    if (site.kind === "linear" || !allocation) continue;
    const { shortcut_r: r, shortcut_alpha: alpha } = allocation;
    if (r > site.in)
      throw new ConfigError("allocation.shortcut_r", `is ${r}: ${site.name} is ${site.out} × ${site.in}`, `Set it to ${site.in} or less; 8 is the paper's.`);
    ranks.set(site.name, { r, alpha });
  }
  return recomputing(
    target(base, sites, ranks, method.adapter, run.lora_dropout, (weight) => isHead(base, weight), shortcuts),
    run,
  );
}

const recomputing = (t: Target, run: RunConfig): Target => ({ ...t, subject: { ...t.subject, recompute: run.train.gradient_checkpointing } });

/** Every name matches a module's path. Throws ConfigError. */
function checkNames(names: readonly string[], paths: readonly string[]): void {
  const hint = `Its modules: ${[...new Set(paths.map((p) => p.split(".").at(-1)))].join(", ")}.`;
  if (!names.length) throw new ConfigError("target_modules", "names no module of this model", hint);
  for (const name of names)
    if (!paths.some((path) => matchTarget({ target_modules: [name] }, path)))
      throw new ConfigError("target_modules", `${JSON.stringify(name)} is no module of this model`, hint);
}

/** What an adapter on disk adapts, or a run's adapter and shortcuts. Throws ConfigError where it does not fit the model. */
export function targetOfAdapter(base: Base, { modules, saved, form }: Trained): Target {
  const sites = sitesOf(base.model, base.config, base.classes, form);
  const ranks = new Map<string, SiteRank>();
  for (const [name, module] of modules) {
    const site = sites.find((s) => s.name === name);
    if (!site) throw new ConfigError("adapter", `adapts "${name}", which this model does not have`, "Is it an adapter of another base?");
    const [shapeA, shapeB] = [`${module.A.shape}`, `${module.B.shape}`];
    if (shapeA !== `${module.r},${site.in}` || shapeB !== `${site.out},${module.r}`)
      throw new ConfigError(
        "adapter",
        `"${name}" is ${site.out} × ${site.in} in this model, the adapter's A is (${shapeA}) and B (${shapeB})`,
        "Is it an adapter of another base?",
      );
    ranks.set(name, { r: module.r, alpha: module.scale * module.r });
  }
  const head = base.classes ? weightsOf(base.model, base.config, base.classes).filter((w) => isHead(base, w.name)) : [];
  for (const [name, { shape }] of saved) {
    const own = head.find((w) => w.name === name);
    if (!own) throw new ConfigError("adapter", `holds "${name}" whole, which is no part of this task's head`, "Is it an adapter for another task?");
    if (`${own.shape}` !== `${shape}`)
      throw new ConfigError("adapter", `"${name}" is (${shape.join(", ")}), the data's classes need (${own.shape.join(", ")})`, "Does the data have the classes it was trained on?"); // prettier-ignore
  }
  for (const { name } of head)
    if (!saved.has(name)) throw new ConfigError("adapter", `does not hold "${name}", the classifier's head`, "Is it an adapter for another task?");
  return target(base, sites, ranks, "lora", 0, (weight) => isHead(base, weight), form);
}

/** The same with other ranks, 0: not adapted. Each site keeps its scale α/r. */
export function withRanks(t: Target, ranks: ReadonlyMap<string, number>): Target {
  const { adaptation, recompute, ...base } = t.subject;
  const given = new Map<string, SiteRank>();
  for (const [site, { r, alpha }] of t.ranks) {
    const now = ranks.get(site) ?? r;
    if (now > 0) given.set(site, { r: now, alpha: (alpha / r) * now });
  }
  const { dropout, trains, shortcuts } = adaptation;
  const made = target(base, t.sites, given, adaptation.adapter!.name as AdapterName, dropout, trains, shortcuts);
  return { ...made, subject: { ...made.subject, recompute } };
}

/** The target a checkpoint was made with: the ranks it names, all others 0. Throws ConfigError where a module cannot have its rank. */
export function withStoredRanks(t: Target, ranks: Readonly<Record<string, number>>): Target {
  if (!t.ranks.size) return t;
  for (const { name, in: inputs, out } of t.sites)
    if ((ranks[name] ?? 0) > Math.min(inputs, out))
      throw new ConfigError("checkpoint", `gives ${name} rank ${ranks[name]}, it is ${out} × ${inputs}`, "Is it of another model?");
  return withRanks(t, new Map([...t.ranks.keys()].map((site) => [site, Object.hasOwn(ranks, site) ? ranks[site] : 0])));
}

/** LoRA at these sites, as a case lists them. */
export const targetOfRanks = (base: Base, ranks: ReadonlyMap<string, SiteRank>, shortcuts: ShortcutForm | null = null): Target =>
  target(base, sitesOf(base.model, base.config, base.classes, shortcuts), ranks, "lora", 0, (weight) => isHead(base, weight), shortcuts);

/** The base alone: nothing is trained. */
export const targetOfBase = (base: Base): Target => target(base, sitesOf(base.model, base.config, base.classes), new Map(), null, 0, () => false);

/** The sites as the page shows them; `off` ones have rank 0. */
export function siteInfos({ sites, ranks, subject }: Target, off: ReadonlySet<string> = new Set()): SiteInfo[] {
  /** Below its layer, or below the model: `attention.output.dense`. */
  const inside = (s: Site): string => s.name.replace(s.layer < 0 ? /^[^.]*\./ : /^.*?\.\d+\./, "");
  const short = (s: Site): string => s.name.slice(s.name.lastIndexOf(".") + 1);
  const module = (s: Site): string => (sites.every((o) => short(o) !== short(s) || inside(o) === inside(s)) ? short(s) : inside(s));
  return sites.map((s) => {
    const rank = off.has(s.name) ? undefined : ranks.get(s.name);
    const trained = subject.adaptation.trains(`${s.name}.weight`);
    const parameters = trained ? s.in * s.out : rank ? rank.r * (s.in + s.out) : 0;
    const info: SiteInfo = { name: s.name, layer: s.layer, module: module(s), in: s.in, out: s.out, r: rank?.r ?? 0, alpha: rank?.alpha ?? 0, parameters };
    return s.kind === "linear" ? info : { ...info, kind: s.kind };
  });
}

/** Trained numbers, padding not counted, and all numbers of the base. */
export function parameterCounts(t: Target, off?: ReadonlySet<string>): { trainable: number; total: number } {
  const weights = weightsOf(t.subject.model, t.subject.config, t.subject.classes);
  const total = weights.reduce((sum, w) => sum + size(w.shape), 0);
  const full = weights.filter((w) => t.subject.adaptation.trains(w.name)).reduce((sum, w) => sum + size(w.shape), 0);
  const low = siteInfos(t, off).reduce((sum, s) => sum + (s.r ? s.parameters : 0), 0);
  return { trainable: full + low, total: total + low };
}
