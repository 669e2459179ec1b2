// batch.ts — rows → token ids with labels → batches padded to few lengths.
// Prompt tokens are not counted in the loss (label −100); the completion and the end token are. Text rows count throughout, of a conversation
// the answers.

import { encodeParts, newest, partsOf, withoutOldest } from "./chat.ts";
import { hash, shuffle } from "./random.ts";
import type { Message, Row, WrongRow } from "./row.ts";
import { type ChatTemplate, TemplateError } from "./template.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** Label of a token that is not counted in the loss, as in PyTorch. */
export const IGNORE = -100;

/** Lengths are padded to multiples of this: few distinct T, so that few plans are compiled. */
export const BUCKET = 16;

/** labels[i] belongs to ids[i]: not shifted. */
export interface Example {
  ids: number[];
  labels: number[];
}

/** B rows of T tokens, row-major. */
export interface Batch {
  B: number;
  T: number;
  /** (B, T), padded at the right. */
  inputIds: Int32Array<ArrayBuffer>;
  /** (B, T), shifted: position t holds the token t + 1 where it counts, else −100; the last position is −100. */
  labels: Int32Array<ArrayBuffer>;
  /** (B, T), 1: a token, 0: padding. */
  attentionMask: Int32Array<ArrayBuffer>;
  /** Counted labels: the denominator of the mean loss. */
  tokens: number;
}

export interface Encoded {
  examples: Example[];
  /** Rows that lost tokens to max_length. */
  truncated: number;
  /** Conversations of which not all answers are learned: see partsOf. */
  partly: number;
  /** Rows that cannot be used at this max_length. */
  dropped: WrongRow[];
}

/** Where a row lost tokens to max_length: what is kept. */
export const TRUNCATION =
  "Answers are kept whole: a long prompt loses its beginning, a conversation its oldest turns; a text loses its end. What does not fit even so is left out.";

/**
 * Rows → examples of at most maxLength tokens, bos and eos included. The answer is kept whole: a long prompt loses its beginning, a conversation
 * its oldest turns, a text its end; a row whose completion does not fit behind one prompt token is dropped. template: needed where rows are
 * conversations. between: awaited before each row. Throws DataError: the template goes on forever.
 */
export async function encodeRows(
  rows: readonly Row[],
  tokenizer: TextTokenizer,
  maxLength: number,
  template?: ChatTemplate,
  between?: (row: number) => Promise<void> | undefined,
): Promise<Encoded> {
  const out: Encoded = { examples: [], truncated: 0, partly: 0, dropped: [] };
  for (const [i, row] of rows.entries()) {
    await between?.(i);
    const line = row.line ?? i + 1;
    const { example, truncated, partly, reason } = encodeRow(row, tokenizer, maxLength, template);
    if (!example) out.dropped.push({ line, reason: reason! });
    else out.examples.push(example);
    if (truncated) out.truncated++;
    if (partly) out.partly++;
  }
  return out;
}

interface EncodedRow {
  example?: Example;
  truncated?: boolean;
  partly?: boolean;
  reason?: string;
}

const TOO_SHORT = { reason: "is a single token: there is nothing to predict" };

function encodeRow(row: Row, tokenizer: TextTokenizer, maxLength: number, template?: ChatTemplate): EncodedRow {
  if ("messages" in row) return encodeConversation(row.messages, tokenizer, maxLength, template!);
  const start = tokenizer.addBos ? [tokenizer.bosId!] : [];
  const end = tokenizer.eosId === null ? [] : [tokenizer.eosId];
  if ("text" in row) {
    const whole = [...start, ...tokenizer.encode(row.text), ...end];
    if (whole.length < 2) return TOO_SHORT;
    const ids = whole.slice(0, maxLength);
    return { example: { ids, labels: [...ids] }, truncated: ids.length < whole.length };
  }
  const [prompt, completion] = encodePair(row.prompt, row.completion, tokenizer);
  const answer = [...completion, ...end];
  const room = maxLength - start.length - answer.length;
  const needed = Math.min(prompt.length, 1);
  if (room < needed) return { reason: `its completion has ${completion.length} tokens, which do not fit in data.max_length ${maxLength}` };
  const context = [...start, ...prompt.slice(Math.max(0, prompt.length - room))];
  // without a token in front, the first token of the answer has nothing that predicts it
  if (context.length + answer.length < 2) return TOO_SHORT;
  return { example: { ids: [...context, ...answer], labels: [...context.map(() => IGNORE), ...answer] }, truncated: prompt.length > room };
}

/** Special tokens stand where the template puts them; bos and eos are added where it does not. */
function encodeConversation(messages: readonly Message[], tokenizer: TextTokenizer, maxLength: number, template: ChatTemplate): EncodedRow {
  const { addBos, bosId, eosId, stopIds } = tokenizer;
  // Telling the answers apart takes a rendering for each, so it waits until the text as a whole fits. In parts it is longer now and then.
  const fits = (left: readonly Message[]) => tokenizer.encode(template.render(left, false).trimEnd()).length <= maxLength;
  let length = 0;
  try {
    const most = newest(messages, fits);
    if (most !== messages) template.render(messages, false); // throws: what is not taken whole is not taken in part
    for (let left: readonly Message[] | null = most; left; left = withoutOldest(left)) {
      const parts = partsOf(left, template);
      const encoded = encodeParts(parts.map(({ text }) => text), tokenizer); // prettier-ignore
      const written = encoded.flat();
      const start = addBos && written[0] !== bosId ? [bosId!] : [];
      const end = eosId !== null && !stopIds.includes(written.at(-1)!) ? [eosId] : [];
      const labels = encoded.flatMap((part, i) => (parts[i].trained ? part : part.map(() => IGNORE)));
      const example = { ids: [...start, ...written, ...end], labels: [...start.map(() => IGNORE), ...labels, ...end] };
      ({ length } = example.ids);
      if (length < 2) return TOO_SHORT;
      if (length <= maxLength) return { example, truncated: left !== messages, partly: answers(left) > parts.length / 2 };
    }
  } catch (cause) {
    if (cause instanceof TemplateError) return { reason: `the template (${template.title}) ${cause.message}` };
    throw cause;
  }
  return { reason: `its last question and answer have ${length} tokens, which do not fit in data.max_length ${maxLength}` };
}

const answers = (messages: readonly Message[]): number => messages.filter(({ role }) => role === "assistant").length;

/** Prompt and completion as ids, cut where the prompt ends (see encodeParts). */
export const encodePair = (prompt: string, completion: string, tokenizer: TextTokenizer): [number[], number[]] =>
  encodeParts([prompt, completion], tokenizer) as [number[], number[]];

/** A prompt as generation starts from it: bos where documents have one, and the last maxLength tokens. */
export function encodePrompt(prompt: string, tokenizer: TextTokenizer, maxLength: number): number[] {
  const ids = tokenizer.encode(prompt);
  const start = tokenizer.addBos && ids[0] !== tokenizer.bosId ? [tokenizer.bosId!] : [];
  return [...start, ...ids.slice(Math.max(0, ids.length - maxLength + start.length))];
}

export interface BatchOptions {
  /** No longer than this (the model's context or max_length): the last bucket is cut there. */
  maxLength?: number;
  /** Allowed lengths, ascending; default: every multiple of BUCKET. */
  buckets?: readonly number[];
  /** Id at padded places; any valid id gives the same result. */
  padId?: number | null;
  /** Fill up to so many rows with copies of the first that count nothing, so that a last small batch needs no plan of its own. */
  rows?: number;
}

/** Throws RangeError for no examples. */
export function makeBatch(examples: readonly Example[], options: BatchOptions = {}): Batch {
  const { B, T, inputIds, attentionMask } = padded(examples, options);
  const labels = new Int32Array(B * T).fill(IGNORE);
  let tokens = 0;
  for (const [b, example] of examples.entries()) {
    for (let t = 0; t + 1 < Math.min(T, example.ids.length); t++) {
      const label = example.labels[t + 1];
      labels[b * T + t] = label;
      if (label !== IGNORE) tokens++;
    }
  }
  return { B, T, inputIds, labels, attentionMask, tokens };
}

/** Ids and mask (B, T), padded at the right to a bucket. Throws RangeError for no examples. */
export function padded(
  examples: readonly { ids: readonly number[] }[],
  { maxLength = Infinity, buckets, padId, rows = examples.length }: BatchOptions,
): Pick<Batch, "B" | "T" | "inputIds" | "attentionMask"> {
  if (examples.length === 0) throw new RangeError("makeBatch: no examples. Check that the data has rows before batching.");
  const longest = Math.max(...examples.map(({ ids }) => ids.length));
  const bucket = buckets ? (buckets.find((T) => T >= longest) ?? buckets.at(-1)!) : Math.ceil(longest / BUCKET) * BUCKET;
  const B = Math.max(rows, examples.length);
  const T = Math.min(bucket, maxLength);
  const inputIds = new Int32Array(B * T).fill(padId ?? 0);
  const attentionMask = new Int32Array(B * T);
  for (let b = 0; b < B; b++) {
    const ids = (examples[b] ?? examples[0]).ids.slice(0, T);
    inputIds.set(ids, b * T);
    attentionMask.fill(1, b * T, b * T + ids.length);
  }
  return { B, T, inputIds, attentionMask };
}

/** The order of n rows in one epoch: every row once. */
export const order = (seed: number, epoch: number, n: number): Int32Array => shuffle(n, hash(seed, epoch));

/** Batches that are sorted by length together: chance within, so that a batch is not of the longest rows of all. */
const GROUP = 50;

/**
 * The same with rows of like length in one batch, so that little is padded: shuffled, cut into groups of batches, each sorted by length, and
 * the batches shuffled again. As Hugging Face's `group_by_length`. An epoch may begin within a batch; its first rows fill that up.
 */
export function orderByLength(seed: number, epoch: number, lengths: readonly number[], batch: number): Int32Array {
  const n = lengths.length;
  const rows = order(seed, epoch, n);
  const begin = Math.min(n, (batch - ((epoch * n) % batch)) % batch);
  for (let at = begin; at < n; at += GROUP * batch) rows.subarray(at, at + GROUP * batch).sort((a, b) => lengths[b] - lengths[a] || a - b);
  const batches = Math.floor((n - begin) / batch);
  const out = Int32Array.from(rows);
  shuffle(batches, hash(seed, epoch, 1)).forEach((from, to) => out.set(rows.subarray(begin + from * batch, begin + (from + 1) * batch), begin + to * batch));
  return out;
}

/** Rows for a data set without a held-out part of its own. With an evalShare above 0 both parts have a row, as long as there are two. */
export function split<T>(rows: readonly T[], evalShare: number, seed: number): { train: T[]; heldOut: T[] } {
  const n = rows.length;
  const held = evalShare <= 0 || n < 2 ? 0 : Math.min(n - 1, Math.max(1, Math.round(n * evalShare)));
  const shuffled = shuffle(n, hash(seed, 0x5b117));
  const heldOut = new Set(shuffled.subarray(0, held));
  return { train: rows.filter((_, i) => !heldOut.has(i)), heldOut: rows.filter((_, i) => heldOut.has(i)) };
}
