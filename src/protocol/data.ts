// data.ts — the part of the protocol that is about data: how a run's rows are read and written, and what a preview shows of them. Types only.

import type { Problem } from "../protocol.ts";

export type RowFormatName = "messages" | "sharegpt" | "prompt-completion" | "alpaca" | "classification" | "text";

/** What a column may hold. */
export type ColumnRole = "messages" | "prompt" | "completion" | "instruction" | "input" | "output" | "system" | "history" | "text" | "text2" | "label";

export interface DataConfig {
  /** `bundled:tales-qa` or `file:path`. */
  source: string;
  format: "auto" | RowFormatName;
  /** Columns of a file by what they hold, where their names do not tell; null: they do. */
  columns: Partial<Record<ColumnRole, string>> | null;
  /** How conversations are written: auto (the model's own, else plain), a name, or a template in Jinja. One that is named is for prompts with completions too. */
  template: string;
  /** Stands before every conversation that has none; null: nothing does. */
  system: string | null;
  /** Longest row in tokens, prompt and completion together. */
  max_length: number;
  /** Rows to evaluate on, instead of a part of `source`: `file:path` or `bundled:name`; null: there are none. */
  eval_source: string | null;
  /** Share of rows held out for evaluation when the source has no split of its own. */
  eval_share: number;
  /** Which rows these are: the same whatever `train.seed`, so that runs of several seeds are measured on the same rows. */
  split_seed: number;
  /** Use at most so many training rows; null: all. */
  limit: number | null;
}

/** A format as the mapping form shows it. */
export interface FormatEntry {
  name: RowFormatName;
  title: string;
  help: string;
  roles: { role: ColumnRole; title: string; optional: boolean }[];
}

/** The columns of a file, and what they are taken for. */
export interface DataColumns {
  columns: { name: string; example: string }[];
  /** null: unclear. */
  format: RowFormatName | null;
  mapping: Partial<Record<ColumnRole, string>>;
}

export interface PreviewToken {
  text: string;
  id: number;
  /** Counted in the loss. */
  trained: boolean;
}

export interface DataPreview {
  /** Training rows from number `first` on. */
  rows: PreviewToken[][];
  first: number;
  /** Classification: the label of each of `rows`, and no token is `trained`. */
  labels?: string[];
  trainRows: number;
  evalRows: number;
  /** Share of all tokens that count in the loss, 0..1. */
  trainedShare: number;
  /** Histogram of row lengths in tokens: [upper bound, count]. */
  lengths: [number, number][];
  /** Rows left out, with 1-based line number and reason; at most 50 are listed. */
  wrong: { line: number; reason: string }[];
  wrongTotal: number;
  truncated: number;
  /** What is kept of a row that is too long. */
  truncation: string;
  /** Training rows that are the same as an earlier one, and held-out rows that are the same as a training row. */
  duplicates: number;
  leaked: number;
  /** In words, where a file is larger than what is kept of one: what was not read. */
  unread?: string;
  /** How conversations were written; absent: rows were taken as they are. */
  template?: string;
  /** Conversations of which not all answers are learned, because the template writes the others differently when more follows. */
  partly?: number;
  /** Of a file with columns. */
  columns?: DataColumns;
}

/** There is nothing to show, and why. columns: of the file, so that they can be named. */
export interface NoPreview {
  problems: Problem[];
  columns?: DataColumns;
}
