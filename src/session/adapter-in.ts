// adapter-in.ts — an adapter from elsewhere, tried or trained further: its modules, ranks and alphas, and its shortcuts, become the run's own.

import { FormatError } from "../formats/error.ts";
import { TRAINED_FILES, type Trained, readTrained } from "../formats/shortcuts.ts";
import { type ByteSource, blobSource } from "../formats/source.ts";
import { readZip } from "../formats/zip.ts";
import { ConfigError } from "../models/model.ts";
import type { AllocationConfig, GivenFile, RunConfig } from "../protocol.ts";
import { firstAllocation } from "../train/config.ts";
import { type Target, targetOf, targetOfAdapter } from "../train/subject.ts";
import type { Loaded } from "./load.ts";

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const isTrained = (path: string): boolean => TRAINED_FILES.includes(nameOf(path));

/** What the visitor gave: the files of a PEFT folder, of a run's that has shortcuts, or a zip with one in it, as the export of a run is. Throws FormatError. */
export async function readGiven(files: readonly GivenFile[]): Promise<Trained> {
  const zip = files.find((file) => /\.zip$/i.test(file.name));
  const all: Iterable<[string, ByteSource | Uint8Array]> = zip
    ? readZip(new Uint8Array(await zip.bytes.arrayBuffer()), undefined, zip.name, isTrained)
    : files.flatMap(({ name, bytes }) => (isTrained(name) ? [[name, blobSource(bytes)]] : []));
  const found = new Map<string, ByteSource | Uint8Array>();
  for (const [path, source] of all) {
    const name = nameOf(path);
    if (found.has(name)) throw new FormatError(zip?.name ?? "adapter", `holds ${name} more than once`, "Give one adapter at a time");
    found.set(name, source);
  }
  if (zip && !found.size)
    throw new FormatError(zip.name, "holds no adapter_config.json", "Give the zip that Export makes of a run, or one with a PEFT folder in it");
  return readTrained(found);
}

/**
 * The configuration and the target of a run that begins as the adapter; its values are for `begun`. Throws ConfigError: it is not of this model, or the
 * configuration trains something else than an adapter of fixed ranks.
 */
export function trainedFurther(config: RunConfig, loaded: Loaded, trained: Trained): { config: RunConfig; loaded: Loaded } {
  if (config.method !== "lora") throw new ConfigError("method", `is ${config.method}, an adapter is trained further with lora`, 'Set it to "lora".');
  if (config.allocation) throw new ConfigError("allocation", "decides about ranks, which the adapter has already", "Set it to null.");
  const own = targetOfAdapter(loaded.base, trained);
  const next = { ...config, ...modulesOf(own, config), allocation: trained.form ? shortcutsOf(own, config, trained.form) : null };
  return { config: next, loaded: { ...loaded, target: targetOf(loaded.base, next), newHead: false } };
}

type Sites = readonly { name: string; r: number; alpha: number }[];

/** What counts is the scale, whatever rule it was made by. */
const adapted = ({ sites, ranks }: Target, shortcuts: boolean): Sites =>
  sites.flatMap(({ name, kind }) => (ranks.has(name) && (kind !== "linear") === shortcuts ? [{ name, ...ranks.get(name)! }] : []));

type Modules = Pick<RunConfig, "r" | "lora_alpha" | "target_modules" | "rank_pattern" | "alpha_pattern">;

/** Linear layers as a configuration says them: the widest one's, and patterns for the rest. Where there are none, the configuration's. */
function modulesOf(own: Target, config: RunConfig): Modules {
  const sites = adapted(own, false);
  if (!sites.length) return config;
  const widest = sites.reduce((a, b) => (b.r > a.r ? b : a));
  const differing = (field: "r" | "alpha"): Record<string, number> =>
    Object.fromEntries(sites.filter((s) => s[field] !== widest[field]).map((s) => [s.name, s[field]]));
  return {
    r: widest.r,
    lora_alpha: widest.alpha,
    target_modules: sites.map((s) => s.name),
    rank_pattern: differing("r"),
    alpha_pattern: differing("alpha"),
  };
}

/** Shortcuts as a configuration says them: an allocation by hand that gives them their ranks, and the modules theirs. */
function shortcutsOf(own: Target, config: RunConfig, form: AllocationConfig["shortcut_form"]): AllocationConfig {
  const cuts = adapted(own, true);
  const widest = cuts.reduce((a, b) => (b.r > a.r ? b : a), { name: "", r: 1, alpha: 1 });
  const other = cuts.find(({ r, alpha }) => Math.abs(alpha / r / (widest.alpha / widest.r) - 1) > 1e-6);
  if (other)
    throw new ConfigError("adapter", `${widest.name} and ${other.name} have different scales (alpha / r); shortcuts of a run share one`, "Take the files from the run again."); // prettier-ignore
  const none = adapted(own, false).length ? [] : config.target_modules;
  return {
    ...firstAllocation,
    allocator: "manual",
    budget: { parameters: own.sites.reduce((sum, s) => sum + (own.ranks.get(s.name)?.r ?? 0) * (s.in + s.out), 0) },
    ranks: Object.fromEntries([...own.sites.filter((s) => s.kind !== "linear").map((s) => [s.name, own.ranks.get(s.name)?.r ?? 0]), ...none.map((name) => [name, 0])]), // prettier-ignore
    shortcuts: "combined",
    shortcut_r: widest.r,
    shortcut_alpha: widest.alpha,
    shortcut_form: form,
  };
}
