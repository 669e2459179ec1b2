// prepare.ts — rows → examples ready for training: held-out part split off, limited, encoded, everything left out accounted for.

import { encodeRows, split, type Encoded, type Example } from "./batch.ts";
import { asConversation, type Chat } from "./chat.ts";
import { DataError } from "./error.ts";
import { type Watch, paced } from "./pace.ts";
import type { ParsedRows } from "./parse.ts";
import { ofEvaluation, WRONG_LISTED, type Row, type WrongRow } from "./row.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** Rows as they come from a source: a bundled set has a held-out part of its own, a file has wrong rows. */
export interface SourceRows extends Partial<Pick<ParsedRows, "wrong" | "wrongTotal" | "unread" | "format">> {
  rows: readonly Row[];
  heldOut?: readonly Row[];
  /** heldOut is of data.eval_source: its lines are of another file. */
  fromEvalSource?: boolean;
}

export interface PreparedData {
  train: Example[];
  heldOut: Example[];
  /** The rows behind heldOut, in the same order: prompts and expected answers of the samples. */
  heldOutRows: Row[];
  wrong: WrongRow[];
  wrongTotal: number;
  truncated: number;
  /** Conversations of which not all answers are learned. */
  partly: number;
  unread?: string;
  /** How most rows of the file were read; null: it is no file, or plain text. */
  format: ParsedRows["format"];
  /** How conversations were written; null: rows were taken as they are. */
  chat: Chat | null;
}

export interface PrepareOptions {
  maxLength: number;
  evalShare: number;
  limit: number | null;
  seed: number;
}

/** chat: how conversations are written, where rows are such. Throws DataError when no row is left to train on. */
export async function prepare(
  source: SourceRows,
  tokenizer: TextTokenizer,
  { maxLength, evalShare, limit, seed }: PrepareOptions,
  chat: Chat | null = null,
  watch: Watch = {},
): Promise<PreparedData> {
  const parts = source.heldOut ? { train: source.rows, heldOut: source.heldOut } : split(source.rows, evalShare, seed);
  const written = (rows: readonly Row[]): Row[] => (chat ? rows.map((row) => asConversation(row, chat)) : [...rows]);
  const heldOutRows = written(parts.heldOut);
  const trainRows = written(limit === null ? parts.train : parts.train.slice(0, limit));
  const pace = paced(watch, "encoding rows", "rows");
  const encode = (rows: readonly Row[], before: number): Promise<Encoded> =>
    encodeRows(rows, tokenizer, maxLength, chat?.template, (row) => pace(before + row, trainRows.length + heldOutRows.length));
  const train = await encode(trainRows, 0);
  const heldOut = await encode(heldOutRows, trainRows.length);
  const [dropped, evaluation] = source.fromEvalSource
    ? [train.dropped, heldOut.dropped.map(ofEvaluation)]
    : [[...train.dropped, ...heldOut.dropped].sort((a, b) => a.line - b.line), []];
  if (train.examples.length === 0) {
    const why = dropped[0] ? `all ${dropped.length} rows were left out; line ${dropped[0].line}: ${dropped[0].reason}` : "has no training rows";
    const hint = /template/.test(why)
      ? "Take another data.template"
      : dropped[0]
        ? "Raise data.max_length or shorten the rows"
        : "Raise data.limit or give more rows";
    throw new DataError("data.source", why, hint);
  }
  const lost = new Set(heldOut.dropped.map(({ line }) => line));
  return {
    train: train.examples,
    heldOut: heldOut.examples,
    heldOutRows: heldOutRows.filter((row, i) => !lost.has(row.line ?? i + 1)),
    wrong: [...(source.wrong ?? []), ...dropped, ...evaluation].slice(0, WRONG_LISTED),
    wrongTotal: (source.wrongTotal ?? 0) + dropped.length + evaluation.length,
    truncated: train.truncated + heldOut.truncated,
    partly: train.partly + heldOut.partly,
    ...(source.unread === undefined ? {} : { unread: source.unread }),
    format: source.format ?? null,
    chat,
  };
}
