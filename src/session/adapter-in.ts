// adapter-in.ts — an adapter from elsewhere that is trained further: its modules, ranks and alphas become the run's own.

import type { Trained } from "../formats/shortcuts.ts";
import { ConfigError } from "../models/model.ts";
import type { RunConfig } from "../protocol.ts";
import { targetOf, targetOfAdapter } from "../train/subject.ts";
import type { Loaded } from "./load.ts";

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
