// adapter-in.ts — an adapter from elsewhere, tried or trained further: its modules, ranks and alphas become the run's own.

import { FormatError } from "../formats/error.ts";
import { readAdapter } from "../formats/peft.ts";
import { blobSource } from "../formats/source.ts";
import type { Trained } from "../formats/shortcuts.ts";
import { ConfigError } from "../models/model.ts";
import { readZip } from "../formats/zip.ts";
import type { GivenFile, RunConfig } from "../protocol.ts";
import { targetOf, targetOfAdapter } from "../train/subject.ts";
import type { Loaded } from "./load.ts";

const CONFIG = "adapter_config.json";

/** What the visitor gave: the files of a PEFT folder, or a zip with one in it, as the export of a run is. Throws FormatError. */
export async function readGiven(files: readonly GivenFile[]): Promise<Trained> {
  const zip = files.find((file) => /\.zip$/i.test(file.name));
  if (!zip) return readAdapter(new Map(files.map((file) => [file.name.slice(file.name.lastIndexOf("/") + 1), blobSource(file.bytes)])));
  const found = readZip(new Uint8Array(await zip.bytes.arrayBuffer()), undefined, zip.name);
  const config = [...found.keys()].filter((path) => path === CONFIG || path.endsWith(`/${CONFIG}`));
  if (config.length !== 1)
    throw new FormatError(zip.name, config.length ? `holds ${config.length} adapters` : `holds no ${CONFIG}`, "Give a zip with one PEFT folder in it");
  const folder = config[0].slice(0, -CONFIG.length);
  return readAdapter(new Map([...found].filter(([path]) => path.startsWith(folder)).map(([path, bytes]) => [path.slice(folder.length), bytes])));
}

/**
 * The configuration and the target of a run that begins as the adapter; its values are for `Run.load`. Throws ConfigError: it is not of this model, it has
 * shortcuts, or the configuration trains something else than an adapter of fixed ranks.
 */
export function trainedFurther(config: RunConfig, loaded: Loaded, trained: Trained): { config: RunConfig; loaded: Loaded } {
  if (config.method !== "lora") throw new ConfigError("method", `is ${config.method}, an adapter is trained further with lora`, 'Set it to "lora".');
  if (config.allocation) throw new ConfigError("allocation", "decides about ranks, which the adapter has already", "Set it to null.");
  if (trained.form) throw new ConfigError("adapter", "has shortcuts, which are not trained further", "Go on with its run: train --resume.");
  targetOfAdapter(loaded.base, trained);
  const next = { ...config, ...ranksOf(trained) };
  return { config: next, loaded: { ...loaded, target: targetOf(loaded.base, next), newHead: false } };
}

/** As a configuration says them: the widest module's, and patterns for the rest. */
function ranksOf({ modules }: Trained): Pick<RunConfig, "r" | "lora_alpha" | "target_modules" | "rank_pattern" | "alpha_pattern"> {
  // What counts is the scale, whatever rule it was made by.
  const sites = [...modules].map(([path, { r, scale }]) => ({ path, r, alpha: scale * r }));
  const widest = sites.reduce((a, b) => (b.r > a.r ? b : a));
  const differing = (field: "r" | "alpha"): Record<string, number> =>
    Object.fromEntries(sites.filter((s) => s[field] !== widest[field]).map((s) => [s.path, s[field]]));
  return {
    r: widest.r,
    lora_alpha: widest.alpha,
    target_modules: sites.map((s) => s.path),
    rank_pattern: differing("r"),
    alpha_pattern: differing("alpha"),
  };
}
