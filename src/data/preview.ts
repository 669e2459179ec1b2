// preview.ts — what training will see of the data: token by token, which of them count, how long the rows are, which come
// twice, what was left out.

import type { DataPreview, PreviewToken } from "../protocol.ts";
import { BUCKET, IGNORE, TRUNCATION, type Example } from "./batch.ts";
import { type LabelledExample, PAIR_TRUNCATION } from "./classification.ts";
import type { PreparedClassification } from "./prepare-classification.ts";
import type { PreparedData } from "./prepare.ts";
import type { TextTokenizer } from "./tokenizer.ts";

const BARS = 24;

/** Which training rows to spell out; all else is about the whole data. */
interface Shown {
  first: number;
  rows: number;
}

export function preview(data: PreparedData, tokenizer: TextTokenizer, { first, rows }: Shown): DataPreview {
  return {
    rows: data.train.slice(first, first + rows).map((example) => spell(example, tokenizer)),
    first,
    ...about(data),
    truncation: TRUNCATION,
    ...(data.chat ? { template: data.chat.template.title, partly: data.partly } : {}),
  };
}

/** The same for texts with a label: the label is what is learned, so no token counts by itself. */
export function previewClassification(data: PreparedClassification, tokenizer: TextTokenizer, { first, rows }: Shown): DataPreview {
  const shown = data.train.slice(first, first + rows);
  return {
    rows: shown.map(({ ids }) => tokenizer.pieces(ids).map((text, t) => ({ text, id: ids[t], trained: false }))),
    first,
    labels: shown.map(({ label }) => data.classes?.[label] ?? String(label)),
    ...about(data),
    truncation: PAIR_TRUNCATION,
  };
}

type Prepared = PreparedData | PreparedClassification;
type About = Omit<DataPreview, "rows" | "first" | "truncation">;

/** Counted once, however often the page turns. */
const counted = new WeakMap<Prepared, About>();

function about(data: Prepared): About {
  const { train, heldOut, wrong, wrongTotal, truncated, unread } = data;
  const known = counted.get(data);
  if (known) return known;
  const told = {
    trainRows: train.length,
    evalRows: heldOut.length,
    trainedShare: trainedShare([...train, ...heldOut]),
    lengths: histogram([...train, ...heldOut].map(({ ids }) => ids.length)),
    wrong,
    wrongTotal,
    truncated,
    ...repeated(train, heldOut),
    ...(unread === undefined ? {} : { unread }),
  };
  counted.set(data, told);
  return told;
}

type AnyExample = Example | LabelledExample;

function trainedShare(examples: readonly AnyExample[]): number {
  let tokens = 0;
  let trained = 0;
  for (const example of examples) {
    tokens += example.ids.length;
    if ("labels" in example) for (let t = 1; t < example.labels.length; t++) if (example.labels[t] !== IGNORE) trained++;
  }
  return tokens === 0 ? 0 : trained / tokens;
}

/** duplicates: training rows that are the same as an earlier one. leaked: held-out rows that are the same as a training row. */
function repeated(train: readonly AnyExample[], heldOut: readonly AnyExample[]): { duplicates: number; leaked: number } {
  const key = (example: AnyExample): string => `${"label" in example ? example.label : ""}:${example.ids.join(" ")}`;
  const known = new Set(train.map(key));
  return { duplicates: train.length - known.size, leaked: heldOut.filter((example) => known.has(key(example))).length };
}

/** The first token of a row is never counted: nothing predicts it. */
function spell({ ids, labels }: Example, tokenizer: TextTokenizer): PreviewToken[] {
  return tokenizer.pieces(ids).map((text, t) => ({ text, id: ids[t], trained: t > 0 && labels[t] !== IGNORE }));
}

/** [upper bound, rows] over equal bars of a multiple of BUCKET / 4 tokens, at most BARS, from the shortest row's bar to the longest's. */
function histogram(lengths: readonly number[]): [number, number][] {
  if (lengths.length === 0) return [];
  const longest = lengths.reduce((a, b) => Math.max(a, b));
  const shortest = lengths.reduce((a, b) => Math.min(a, b));
  const unit = BUCKET / 4;
  const width = unit * Math.ceil((longest - shortest + unit) / unit / BARS);
  const first = Math.ceil(shortest / width);
  const bars: [number, number][] = Array.from({ length: Math.ceil(longest / width) - first + 1 }, (_, i) => [(first + i) * width, 0]);
  for (const length of lengths) bars[Math.ceil(length / width) - first][1]++;
  return bars;
}
