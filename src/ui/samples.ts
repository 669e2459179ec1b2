// samples.ts — sample events gathered by prompt: the base model's answer once, the tuned model's by step.
import type { DataPreview, NoPreview } from "../protocol.ts";
import type { RunView } from "./fold.ts";

export interface PromptAnswers {
  prompt: string;
  expected?: string;
  base?: string;
  /** By step. */
  tuned: ReadonlyMap<number, string>;
}

export function answersOf(samples: RunView["samples"]): PromptAnswers[] {
  const byPrompt = new Map<string, PromptAnswers & { tuned: Map<number, string> }>();
  for (const { prompt, which, step, text, expected } of samples) {
    const entry = byPrompt.get(prompt) ?? { prompt, tuned: new Map<number, string>() };
    entry.expected ??= expected;
    if (which === "base") entry.base = text;
    else entry.tuned.set(step, text);
    byPrompt.set(prompt, entry);
  }
  return [...byPrompt.values()];
}

/**
 * The part of the first row that is only read, as a prompt in the data's own form; undefined where all or none of it is trained on, or where a
 * template writes it: what a person asks, the template writes again.
 */
export function promptOf(preview: DataPreview | NoPreview | null): string | undefined {
  if (!preview || !("rows" in preview) || preview.template !== undefined) return undefined;
  const row = preview.rows[0] ?? [];
  const begin = row.findIndex((token) => token.trained);
  const read = row.slice(0, Math.max(0, begin)).map((token) => token.text);
  // The mark of a beginning (<s>, <|endoftext|>) is added by the tokenizer again.
  if (/^<.*>$/.test(read[0] ?? "")) read.shift();
  return read.join("") || undefined;
}

/** Exact match apart from white space at the ends, and from how sure a classifier says it is: "same (62 %)". */
export const isRight = (answer: string, expected: string | undefined): boolean =>
  expected !== undefined && [answer.trim(), answer.trim().replace(/ \(\d+ %\)$/, "")].includes(expected.trim());
