// samples.ts — sample events gathered by prompt: the base model's answer once, the tuned model's by step.
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

/** Exact match apart from white space at the ends. */
export const isRight = (answer: string, expected: string | undefined): boolean => expected !== undefined && answer.trim() === expected.trim();
