// preview.ts — what training will see of the data: token by token, which of them count, how long the rows are, what was left out.

import type { DataPreview, PreviewToken } from "../protocol.ts";
import { BUCKET, IGNORE, type Example } from "./batch.ts";
import type { PreparedClassification } from "./prepare-classification.ts";
import type { PreparedData } from "./prepare.ts";
import type { TextTokenizer } from "./tokenizer.ts";

const BARS = 24;

/** The first `rows` training rows spelled out; counts and the histogram are over the whole data. */
export function preview(data: PreparedData, tokenizer: TextTokenizer, rows: number): DataPreview {
  const all = [...data.train, ...data.heldOut];
  let tokens = 0;
  let trained = 0;
  for (const { ids, labels } of all) {
    tokens += ids.length;
    for (let t = 1; t < labels.length; t++) if (labels[t] !== IGNORE) trained++;
  }
  return {
    rows: data.train.slice(0, rows).map((example) => spell(example, tokenizer)),
    trainRows: data.train.length,
    evalRows: data.heldOut.length,
    trainedShare: tokens === 0 ? 0 : trained / tokens,
    lengths: histogram(all.map(({ ids }) => ids.length)),
    wrong: data.wrong,
    wrongTotal: data.wrongTotal,
    truncated: data.truncated,
  };
}

/** The same for texts with a label: the label is what is learned, so no token counts by itself. */
export function previewClassification(data: PreparedClassification, tokenizer: TextTokenizer, rows: number): DataPreview {
  const shown = data.train.slice(0, rows);
  return {
    rows: shown.map(({ ids }) => tokenizer.pieces(ids).map((text, t) => ({ text, id: ids[t], trained: false }))),
    labels: shown.map(({ label }) => data.classes?.[label] ?? String(label)),
    trainRows: data.train.length,
    evalRows: data.heldOut.length,
    trainedShare: 0,
    lengths: histogram([...data.train, ...data.heldOut].map(({ ids }) => ids.length)),
    wrong: data.wrong,
    wrongTotal: data.wrongTotal,
    truncated: data.truncated,
  };
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
