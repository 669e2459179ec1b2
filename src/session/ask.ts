// ask.ts — a question to a run on a device, answered by the tuned model and by its base, between two steps.

import { encodePrompt } from "../data/batch.ts";
import { question } from "../data/chat.ts";
import { encodeLabelled } from "../data/classification.ts";
import { ConfigError } from "../models/model.ts";
import type { Answer, AskOptions } from "../protocol.ts";
import { predict, spell } from "../train/classify.ts";
import { generate } from "../train/generate.ts";
import type { Active } from "./training.ts";

/** Strengths that can be asked for. */
const STRONGEST = 1.5;

/** Throws ConfigError for a strength out of bounds, DataError for a prompt that cannot be read. */
export async function askRun(active: Active, o: AskOptions): Promise<Answer> {
  const { strength = 1 } = o;
  if (!(strength >= 0 && strength <= STRONGEST)) throw new ConfigError("strength", `is ${strength}`, `Take 0 (the base) to ${STRONGEST}; 1 is as trained.`);
  const { control, run, start } = active;
  const answer = active.loaded.rows.metrics ? label(active, o.prompt, active.loaded.rows.classes) : words(active, o);
  return control.between(async () => {
    const tuned = await run.atStrength(start, strength, answer);
    const base = await run.asBase(start, answer);
    return { base, tuned };
  });
}

/** What the model writes behind the prompt. */
function words({ loaded, run }: Active, o: AskOptions): () => Promise<string> {
  const { tokenizer, data } = loaded;
  const asked = "chat" in data && data.chat ? question(o.prompt, data.chat) : o.prompt;
  const ids = encodePrompt(asked, tokenizer, loaded.base.config.maxPositions - o.maxNewTokens);
  const sampling = { ...o, stopIds: tokenizer.stopIds };
  return async () => tokenizer.decode((await generate(run, [ids], sampling))[0]);
}

/** A pair of texts: the second begins on a new line. */
function label({ run, config, loaded }: Active, asked: string, classes: readonly string[] | null): () => Promise<string> {
  const [, text, text2] = /^(.*?)(?:\n([^]*))?$/s.exec(asked.trim())!;
  const { example } = encodeLabelled({ text, text2: text2?.trim() || undefined }, 0, loaded.tokenizer, config.data.max_length);
  return async () => spell((await predict(run, [example], 1, config.data.max_length))![0], classes);
}
