// rope-config.ts — rotary embedding settings in both spellings of config.json: `rope_theta` and `rope_scaling` (before transformers 5), `rope_parameters` (since).

import type { RopeConfig } from "../ops/rope.ts";
import { positive } from "./config.ts";
import { ConfigError } from "./model.ts";

export function parseRope(config: Readonly<Record<string, unknown>>, headSize: number, maxPositions: number): RopeConfig {
  const inner = (config.rope_parameters ?? config.rope_scaling ?? {}) as Record<string, unknown>;
  if (typeof inner !== "object" || Array.isArray(inner)) throw new ConfigError("config.json rope_parameters", "is no object", "Download config.json again.");
  const theta = positive({ rope_theta: inner.rope_theta ?? config.rope_theta }, "rope_theta", 10_000);
  const type = inner.rope_type ?? inner.type ?? "default";
  const rest = { theta, headSize, maxPositions };
  if (type === "default") return { ...rest, scaling: null };
  if (type === "linear") return { ...rest, scaling: { type, factor: positive(inner, "factor") } };
  if (type === "llama3") {
    const low_freq_factor = positive(inner, "low_freq_factor");
    const high_freq_factor = positive(inner, "high_freq_factor");
    if (high_freq_factor <= low_freq_factor)
      throw new ConfigError(
        "config.json high_freq_factor",
        `${high_freq_factor} is not above low_freq_factor ${low_freq_factor}`,
        "Download config.json again.",
      );
    return {
      ...rest,
      scaling: {
        type,
        factor: positive(inner, "factor"),
        low_freq_factor,
        high_freq_factor,
        original_max_position_embeddings: positive(inner, "original_max_position_embeddings"),
      },
    };
  }
  throw new ConfigError("config.json rope_scaling", `has the type ${JSON.stringify(type)}`, "Known here: default, linear, llama3.");
}
