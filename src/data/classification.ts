// classification.ts — texts with a label → token ids → padded batches. Encoders read pairs as their tokenizer frames them
// (BERT `[CLS] a [SEP] b [SEP]`, RoBERTa `<s> a </s></s> b </s>`); decoders read bos, a, a line end, b: their head looks at the last token.

import { IGNORE, encodePair, padded, type BatchOptions } from "./batch.ts";
import type { LabelledRow } from "./row.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** Between the two texts of a pair, for decoders. */
export const SEPARATOR = "\n";

/** Where a row lost tokens to max_length: what is kept. */
export const PAIR_TRUNCATION = "A text that is too long loses its end, of two texts the longer one first.";

export interface LabelledExample {
  ids: number[];
  /** Segment of each token (BERT: 0 first text, 1 second); absent: all 0. */
  typeIds?: number[];
  /** Index of the class; in regression the value. */
  label: number;
}

/** B rows of T tokens, row-major. */
export interface ClassificationBatch {
  B: number;
  T: number;
  /** (B, T), padded at the right. */
  inputIds: Int32Array<ArrayBuffer>;
  /** (B, T), 1: a token, 0: padding. */
  attentionMask: Int32Array<ArrayBuffer>;
  /** (B, T), 0 at padded places. */
  typeIds: Int32Array<ArrayBuffer>;
  /** (B): index of the class; −100 in rows that only fill up. Absent in regression. */
  labels?: Int32Array<ArrayBuffer>;
  /** (B): target of the regression; 0 in rows that only fill up: leave them out by `rows`. Absent in classification. */
  values?: Float32Array<ArrayBuffer>;
  /** Real rows, which come first: the denominator of the mean loss. */
  rows: number;
}

export interface ClassificationBatchOptions extends BatchOptions {
  regression?: boolean;
}

/** Throws RangeError for no examples. */
export function makeClassificationBatch(examples: readonly LabelledExample[], options: ClassificationBatchOptions = {}): ClassificationBatch {
  const { B, T, inputIds, attentionMask } = padded(examples, options);
  const typeIds = new Int32Array(B * T);
  for (let b = 0; b < B; b++) typeIds.set((examples[b] ?? examples[0]).typeIds?.slice(0, T) ?? [], b * T);
  const targets = examples.map(({ label }) => label);
  const filled = <A extends Int32Array<ArrayBuffer> | Float32Array<ArrayBuffer>>(into: A): A => (into.set(targets), into);
  const answers = options.regression ? { values: filled(new Float32Array(B)) } : { labels: filled(new Int32Array(B).fill(IGNORE)) };
  return { B, T, inputIds, attentionMask, typeIds, ...answers, rows: examples.length };
}

/** label: index of the class, or the value. truncated: tokens were lost to maxLength, special tokens included in it. */
export function encodeLabelled(
  { text, text2 }: Pick<LabelledRow, "text" | "text2">,
  label: number,
  tokenizer: TextTokenizer,
  maxLength: number,
): { example: LabelledExample; truncated: boolean } {
  const { template } = tokenizer;
  if (!template) {
    const start = tokenizer.addBos ? [tokenizer.bosId!] : [];
    const [a, b] = text2 === undefined ? [tokenizer.encode(text), []] : encodePair(text, SEPARATOR + text2, tokenizer);
    const [keptA, keptB] = longestFirst(a.length, b.length, maxLength - start.length);
    return { example: { ids: [...start, ...a.slice(0, keptA), ...b.slice(0, keptB)], label }, truncated: keptA < a.length || keptB < b.length };
  }
  const parts = text2 === undefined ? template.single : template.pair;
  const texts = [tokenizer.encode(text), tokenizer.encode(text2 ?? "")];
  const room = maxLength - parts.filter((part) => "id" in part).length;
  const kept = longestFirst(texts[0].length, texts[1].length, room);
  const ids: number[] = [];
  const typeIds: number[] = [];
  for (const part of parts) {
    const tokens = "id" in part ? [part.id] : texts[part.text].slice(0, kept[part.text]);
    ids.push(...tokens);
    typeIds.push(...tokens.map(() => part.typeId));
  }
  const truncated = kept.some((length, i) => length < texts[i].length);
  return { example: { ids, ...(typeIds.some((id) => id !== 0) ? { typeIds } : {}), label }, truncated };
}

/**
 * How many tokens of a and b to keep of `room`, as Hugging Face's tokenizers cut pairs ("longest_first"): the longer text loses its end
 * until both are equally long, then both; an odd token goes to the longer one.
 */
export function longestFirst(a: number, b: number, room: number): [number, number] {
  if (a + b <= room) return [a, b];
  const total = Math.max(0, room);
  const shorter = Math.min(a, b, Math.floor(total / 2));
  const longer = total - shorter;
  return a > b ? [longer, shorter] : [shorter, longer];
}
