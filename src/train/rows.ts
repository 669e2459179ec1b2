// rows.ts — the rows of a run; those to train on in seeded order, epoch after epoch, as batches. Where it stands is one number: the rows drawn so far.

import { type Example, makeBatch, order, orderByLength } from "../data/batch.ts";
import { type LabelledExample, makeClassificationBatch } from "../data/classification.ts";
import { DataError } from "../data/error.ts";
import type { Metric } from "../data/labelled-tasks.ts";
import type { TextTokenizer } from "../data/tokenizer.ts";
import type { AnyBatch } from "./evaluate.ts";

/** A held-out row whose answer is shown. */
export interface Prompt {
  text: string;
  ids: readonly number[];
  expected: string;
}

/** Rows to learn to continue. */
interface TextData {
  train: readonly Example[];
  heldOut: readonly Example[];
  prompts: readonly Prompt[];
  tokenizer: TextTokenizer;
  metrics?: undefined;
}

/** Rows to learn the label of. */
interface LabelledData {
  train: readonly LabelledExample[];
  heldOut: readonly LabelledExample[];
  /** Held-out rows whose label is shown as the model sees it. */
  prompts: readonly { text: string; example: LabelledExample; expected: string }[];
  /** Names by index; null: values. */
  classes: readonly string[] | null;
  /** The first is the one to compare by. */
  metrics: readonly Metric[];
}

export type TrainData = TextData | LabelledData;

export class Batches {
  private epoch = -1;
  private now: Int32Array = new Int32Array();

  /** count: rows of a batch. drawn: rows drawn before, by whoever goes on. grouped: rows of like length in one batch. */
  constructor(
    private readonly data: TrainData,
    private readonly seed: number,
    private readonly count: number,
    private readonly maxLength: number,
    public drawn = 0,
    private readonly grouped = false,
  ) {}

  next(): AnyBatch {
    const { data, maxLength } = this;
    return data.metrics
      ? makeClassificationBatch(this.take(data.train), { maxLength, regression: data.classes === null })
      : makeBatch(this.take(data.train), { maxLength });
  }

  private order(epoch: number): Int32Array {
    const { train } = this.data;
    if (!this.grouped) return order(this.seed, epoch, train.length);
    return orderByLength(this.seed, epoch, train.map(({ ids }) => ids.length), this.count); // prettier-ignore
  }

  private take<E>(examples: readonly E[]): E[] {
    return Array.from({ length: this.count }, () => {
      const n = examples.length;
      const epoch = Math.floor(this.drawn / n);
      if (epoch !== this.epoch) [this.epoch, this.now] = [epoch, this.order(epoch)];
      return examples[this.now[this.drawn++ % n]];
    });
  }
}

/** u32 of all training rows: whoever goes on must have the same. FNV-1a over ids and labels. */
export function digestOf({ train }: Pick<TrainData, "train">): number {
  let h = 0x811c9dc5;
  const put = (x: number): void => void (h = Math.imul(h ^ x, 0x01000193));
  for (const row of train) {
    put(row.ids.length);
    for (const id of row.ids) put(id);
    if (!("labels" in row)) put(Math.round(row.label * 1e6));
    else for (const label of row.labels) put(label);
  }
  return h >>> 0;
}

/** u32 of all that a result hangs on: training rows, held-out rows, those of a test. */
export const digestOfAll = ({ train, heldOut }: TrainData, test: TrainData | null): number =>
  [train, heldOut, test?.heldOut ?? []].reduce((h, rows) => Math.imul(h ^ digestOf({ train: rows } as Pick<TrainData, "train">), 0x01000193), 0x811c9dc5) >>> 0;

/** Throws DataError where a run would go on with other rows than it began with. */
export function checkRows(data: TrainData, { loop }: { loop: { data: number } }): void {
  if (loop.data !== digestOf(data))
    throw new DataError("data.source", "the training rows are not those the run began with", "Give the same data again, or start a new run");
}
