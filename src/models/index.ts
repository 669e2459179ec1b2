// The architectures. One file and one line here add one.

import { bert } from "./bert.ts";
import { llama } from "./llama.ts";
import { ConfigError, type Model, type ModelConfig } from "./model.ts";
import { opt } from "./opt.ts";
import { roberta } from "./roberta.ts";

export const models = { llama, opt, bert, roberta } as const;

/** The architecture a config.json asks for, and its parsed configuration. */
export function parseModel(config: Record<string, unknown>): { model: Model; config: ModelConfig } {
  const asked = Array.isArray(config.architectures) ? config.architectures.map(String) : [];
  const model = Object.values(models).find((m) => (asked.length ? m.architectures.some((a) => asked.includes(a)) : m.modelType === config.model_type));
  if (!model) {
    const known = Object.values(models).flatMap((m) => m.architectures);
    throw new ConfigError(
      "config.json architectures",
      `is ${JSON.stringify(config.architectures ?? config.model_type ?? null)}, which is not known here`,
      `Known: ${known.join(", ")}. Pick a model of one of these.`,
    );
  }
  return { model: model as Model, config: model.parse(config) };
}
