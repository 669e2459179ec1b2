// subject.ts — from a model and a configuration to what is trained: which sites, at which rank and scale, or which weights.

import type { Site } from "../adapters/adapter.ts";
import { type AdapterName, adapters } from "../adapters/index.ts";
import { pad4, size } from "../engine/tensor.ts";
import { type PeftAdapter, matchTarget, patternValue } from "../formats/peft.ts";
import { type MethodName, methods } from "../methods/index.ts";
import { ConfigError, type Model, type ModelConfig } from "../models/model.ts";
import type { RunConfig, SiteInfo } from "../protocol.ts";
import { type Subject, sitesOf, weightsOf } from "./graphs.ts";

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

interface Base {
  model: Model;
  config: ModelConfig;
}

function target(
  { model, config }: Base,
  sites: readonly Site[],
  ranks: ReadonlyMap<string, SiteRank>,
  adapter: AdapterName | null,
  dropout: number,
  trains: (weight: string) => boolean,
): Target {
  const index = new Map(sites.map((s, i) => [s.name, i]));
  const used = adapter && adapters[adapter];
  const scales = new Float32Array(pad4(sites.length));
  sites.forEach((s, i) => {
    const rank = ranks.get(s.name);
    if (rank && used) scales[i] = used.scaling(rank.alpha, rank.r);
  });
  const adaptation = {
    adapter: used,
    rank: (site: string) => ranks.get(site)?.r ?? 0,
    index: (site: string) => index.get(site)!,
    scales: scales.length,
    trains,
    dropout,
  };
  return { subject: { model, config, adaptation }, sites, ranks, scales };
}

/** What a run configuration trains. Throws ConfigError naming the field. */
export function targetOf(base: Base, run: RunConfig): Target {
  const sites = sitesOf(base.model, base.config);
  const method = methods[run.method as MethodName];
  if (!method.adapter) {
    const moduleOf = (weight: string): string => weight.replace(/\.(weight|bias)$/, "");
    const all = run.target_modules.includes("all");
    if (!all) checkNames(run.target_modules, weightsOf(base.model, base.config).map((w) => moduleOf(w.name))); // prettier-ignore
    const trains = (weight: string): boolean => all || matchTarget({ target_modules: run.target_modules }, moduleOf(weight));
    return recomputing(target(base, sites, new Map(), null, 0, trains), run);
  }
  checkNames(run.target_modules, sites.map((s) => s.name)); // prettier-ignore
  const ranks = new Map<string, SiteRank>();
  for (const site of sites) {
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
  return recomputing(
    target(base, sites, ranks, method.adapter, run.lora_dropout, () => false),
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

/** What an adapter on disk adapts. Throws ConfigError where it does not fit the model. */
export function targetOfAdapter(base: Base, peft: PeftAdapter): Target {
  const sites = sitesOf(base.model, base.config);
  const ranks = new Map<string, SiteRank>();
  for (const [name, module] of peft.modules) {
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
  return target(base, sites, ranks, "lora", 0, () => false);
}

/** The base alone: nothing is trained. */
export const targetOfBase = (base: Base): Target => target(base, sitesOf(base.model, base.config), new Map(), null, 0, () => false);

/** The sites as the page shows them. */
export function siteInfos({ sites, ranks, subject }: Target): SiteInfo[] {
  return sites.map((s) => {
    const rank = ranks.get(s.name);
    const trained = subject.adaptation.trains(`${s.name}.weight`);
    const parameters = trained ? s.in * s.out : rank ? rank.r * (s.in + s.out) : 0;
    return { name: s.name, layer: s.layer, module: s.name.split(".").at(-1)!, in: s.in, out: s.out, r: rank?.r ?? 0, alpha: rank?.alpha ?? 0, parameters };
  });
}

/** Trained numbers, padding not counted, and all numbers of the base. */
export function parameterCounts(t: Target): { trainable: number; total: number } {
  const weights = weightsOf(t.subject.model, t.subject.config);
  const total = weights.reduce((sum, w) => sum + size(w.shape), 0);
  const full = weights.filter((w) => t.subject.adaptation.trains(w.name)).reduce((sum, w) => sum + size(w.shape), 0);
  const low = siteInfos(t).reduce((sum, s) => sum + (s.r ? s.parameters : 0), 0);
  return { trainable: full + low, total: total + low };
}
