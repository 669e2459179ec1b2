// prepare.ts — rows → examples ready for training: held-out part split off, limited, encoded, everything left out accounted for.

import { encodeRows, split, type Example } from "./batch.ts";
import { DataError } from "./error.ts";
import { WRONG_LISTED, type Parsed, type Row, type WrongRow } from "./row.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** Rows as they come from a source: a bundled set has a held-out part of its own, a file has wrong rows. */
export interface SourceRows extends Partial<Pick<Parsed<Row>, "wrong" | "wrongTotal">> {
  rows: readonly Row[];
  heldOut?: readonly Row[];
}

export interface PreparedData {
  train: Example[];
  heldOut: Example[];
  /** The rows behind heldOut, in the same order: prompts and expected answers of the samples. */
  heldOutRows: Row[];
  wrong: WrongRow[];
  wrongTotal: number;
  truncated: number;
}

export interface PrepareOptions {
  maxLength: number;
  evalShare: number;
  limit: number | null;
  seed: number;
}

/** Throws DataError when no row is left to train on. */
export function prepare(source: SourceRows, tokenizer: TextTokenizer, { maxLength, evalShare, limit, seed }: PrepareOptions): PreparedData {
  const parts = source.heldOut ? { train: [...source.rows], heldOut: [...source.heldOut] } : split(source.rows, evalShare, seed);
  const train = encodeRows(limit === null ? parts.train : parts.train.slice(0, limit), tokenizer, maxLength);
  const heldOut = encodeRows(parts.heldOut, tokenizer, maxLength);
  const dropped = [...train.dropped, ...heldOut.dropped].sort((a, b) => a.line - b.line);
  if (train.examples.length === 0) {
    const why = dropped[0] ? `all ${dropped.length} rows were left out; line ${dropped[0].line}: ${dropped[0].reason}` : "has no training rows";
    throw new DataError("data.source", why, dropped[0] ? "Raise data.max_length or shorten the rows" : "Raise data.limit or give more rows");
  }
  const lost = new Set(heldOut.dropped.map(({ line }) => line));
  return {
    train: train.examples,
    heldOut: heldOut.examples,
    heldOutRows: parts.heldOut.filter((row, i) => !lost.has(row.line ?? i + 1)),
    wrong: [...(source.wrong ?? []), ...dropped].slice(0, WRONG_LISTED),
    wrongTotal: (source.wrongTotal ?? 0) + dropped.length,
    truncated: train.truncated + heldOut.truncated,
  };
}
