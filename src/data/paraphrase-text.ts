// paraphrase-text.ts — the pairs of `paraphrase` for models that write: both sentences in the prompt, the label is the answer.

import { paraphrase } from "./paraphrase.ts";
import type { LabelledRow, Row } from "./row.ts";

export const asText = ({ text, text2, label }: LabelledRow): Row & { prompt: string; completion: string } => ({
  prompt: `${text}\n${text2}\nQ: Same or different?\nA:`,
  completion: ` ${label}`,
});

export function paraphraseText(seed: number): { train: Row[]; heldOut: Row[] } {
  const { train, heldOut } = paraphrase(seed);
  return { train: train.map(asText), heldOut: heldOut.map(asText) };
}
