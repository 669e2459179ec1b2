// compare-presets.ts — comparisons made from a configuration: modules of one size, so that arms can train exactly as many numbers, and the arms of the
// HeteroLoRA paper (arXiv 2406.14956) over them. And an arm made from any configuration, as what it differs in.

import { ConfigError } from "../models/model.ts";
import type { AllocationConfig, RunConfig } from "../protocol.ts";
import type { Comparison, Overrides, Preset } from "../protocol/comparison.ts";
import { type Base } from "./graphs.ts";
import { firstRun, parseConfig } from "./config.ts";
import { BESIDE, SHARED, merged } from "./compare.ts";
import { equalSize, armSize } from "./compare-size.ts";
import { fields } from "./fields.ts";
import { siteInfos, targetOf } from "./subject.ts";

const SEEDS = [0, 1, 2, 3, 4];
const CALIBRATION = 8;

export interface Suggestion {
  comparison: Comparison;
  presets: Preset[];
  /** What was changed so that arms can be equal. */
  notes: string[];
}

/** Throws ConfigError where no choice among modules is to be made. */
export function suggest(base: Base, config: RunConfig): Suggestion {
  const notes: string[] = [];
  const plain = { ...config, method: "lora", allocation: null, rank_pattern: {}, alpha_pattern: {} };
  const modules = ofOneSize(base, config.method === "lora" ? plain : { ...plain, target_modules: firstRun.target_modules });
  if (modules.left) notes.push(`Only ${modules.names.join(", ")} are adapted: modules of one size, so that all arms can train exactly as many numbers.`);
  const share = evenShare(modules.count, config.r) ?? evenShare(modules.count, 8);
  if (!share) throw new ConfigError("target_modules", `leave ${modules.count} modules of one size: there is no choice to make`, "Adapt more modules.");
  if (share.r !== config.r) notes.push(`Rank ${share.r} instead of ${config.r}, which no lower rank everywhere has an equal of.`);
  const scale = config.lora_alpha / config.r;
  const own = { ...plain, target_modules: modules.names, r: share.r, lora_alpha: scale * share.r };
  const fieldsOfBase = differences(own, firstRun);
  const presets = presetsOf(own, share, scale).filter((p) => p.reference || sameSize(base, fieldsOfBase, p, share));
  const arms = presets.filter((p) => p.name !== "random").map(({ name, config: more, reference }) => ({ name, config: more, reference }));
  return { comparison: { base: fieldsOfBase, arms, seeds: SEEDS, test: null }, presets, notes };
}

/** The modules of the most common size among the square ones, else among all. A shortcut is as large as a square module. */
function ofOneSize(base: Base, config: RunConfig): { names: string[]; count: number; left: boolean } {
  const target = targetOf(base, config);
  const adapted = siteInfos(target).filter((s) => s.r > 0);
  const square = adapted.filter((s) => s.in === s.out);
  const bySize = new Map<number, typeof adapted>();
  for (const s of square.length ? square : adapted) bySize.set(s.in + s.out, [...(bySize.get(s.in + s.out) ?? []), s]);
  const chosen = [...bySize.values()].reduce((a, b) => (b.length > a.length ? b : a));
  const inside = new Set(chosen.map((s) => s.name));
  const all = siteInfos(target);
  // A module's name where it names these alone, else the whole path.
  const names = chosen.map((s) => {
    const short = s.name.slice(s.name.lastIndexOf(".") + 1);
    return all.every((o) => !o.name.endsWith(`.${short}`) || inside.has(o.name)) ? short : s.name;
  });
  return { names: [...new Set(names)], count: chosen.length, left: chosen.length < adapted.length };
}

interface EvenShare {
  r: number;
  /** Rank everywhere that costs as much as `on` modules at r. */
  low: number;
  on: number;
}

/** A rank below r that all modules may have for the price of some at r: as near to a quarter as can be. */
function evenShare(modules: number, r: number): EvenShare | null {
  const fitting = Array.from({ length: r - 1 }, (_, i) => i + 1).filter((low) => (modules * low) % r === 0);
  if (!fitting.length) return null;
  const low = fitting.reduce((a, b) => (Math.abs(b / r - 0.25) < Math.abs(a / r - 0.25) ? b : a));
  return { r, low, on: (modules * low) / r };
}

function presetsOf(base: RunConfig, { low, on }: EvenShare, scale: number): Preset[] {
  const allocation = (more: Partial<AllocationConfig>): Overrides => ({
    allocation: { proxy: "grad-norm", budget: { modules: on }, batches: CALIBRATION, ...more },
  });
  const rate = Number((base.train.learning_rate / 10).toPrecision(3));
  const arm = (name: string, help: string, config: Overrides, reference = false): Preset => ({ name, help, config, reference });
  return [
    arm(`uniform r = ${low}`, "The same low rank everywhere: what the others are measured against.", { r: low, lora_alpha: scale * low }),
    arm("random", "Modules chosen by chance, once: what choosing at all is worth.", allocation({ proxy: "constant", when: "static" })),
    arm("static grad-norm", "Modules chosen once, before training, by the norm of their gradients.", allocation({ when: "static" })),
    arm("dynamic grad-norm", "Chosen again five times an epoch, while training.", allocation({ when: "dynamic" })),
    arm("dynamic with shortcuts", "As many places, among the modules and HeteroLoRA's shortcuts.", allocation({ when: "dynamic", shortcuts: "combined", shortcut_r: base.r })),
    arm("full fine-tuning", "Every weight, at a tenth of the rate: a line to look at.", { method: "full", target_modules: ["all"], train: { learning_rate: rate } }, true),
  ]; // prettier-ignore
}

function sameSize(base: Base, of: Overrides, preset: Preset, { on, r }: EvenShare): boolean {
  const config = parseConfig(merged(of, preset.config));
  try {
    const target = targetOf(base, config);
    const { least, most } = armSize(target, config);
    const site = siteInfos(target).find((s) => s.parameters > 0)!;
    const wanted = on * r * (site.in + site.out);
    return equalSize(least, wanted) && equalSize(most, wanted);
  } catch (e) {
    if (e instanceof ConfigError) return false;
    throw e;
  }
}

/** Fields in which a configuration differs, nested as in it. */
export function differences(config: RunConfig, from: RunConfig): Overrides {
  const walk = (a: Record<string, unknown>, b: Record<string, unknown>, at: string): Record<string, unknown> => {
    const out: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(a)) {
      const [path, other] = [at + key, b[key]];
      const group = !(path in fields) && value !== null && other !== null && typeof value === "object" && typeof other === "object";
      if (!group) {
        if (JSON.stringify(value) !== JSON.stringify(other)) out[key] = value;
        continue;
      }
      const inner = walk(value as Record<string, unknown>, other as Record<string, unknown>, `${path}.`);
      if (Object.keys(inner).length) out[key] = inner;
    }
    return out;
  };
  return walk(config as unknown as Record<string, unknown>, from as unknown as Record<string, unknown>, "");
}

/** An arm's fields; those that all arms share are left out, and named. */
export function armOf(config: RunConfig, base: Overrides): { config: Overrides; left: string[] } {
  const left: string[] = [];
  const prune = (o: Overrides, at: string): Overrides =>
    Object.fromEntries(
      Object.entries(o).flatMap(([key, value]): [string, unknown][] => {
        const path = at + key;
        if (SHARED.includes(path)) {
          if (path !== "backend" && path !== "train.seed") left.push(path);
          return [];
        }
        if (BESIDE.includes(key) || key === "samples_every") return [];
        if (path in fields || path === "allocation" || value === null || typeof value !== "object") return [[key, value]];
        const inner = prune(value as Overrides, `${path}.`);
        return Object.keys(inner).length ? [[key, inner]] : [];
      }),
    );
  return { config: prune(differences(config, parseConfig(base)), ""), left };
}
