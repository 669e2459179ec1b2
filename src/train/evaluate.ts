// evaluate.ts — loss and exact match on held-out rows. Exact match of greedy decoding, without decoding: it writes the answer exactly where every
// answer token is the arg max given the right tokens before it.

import { type Example, makeBatch } from "../data/batch.ts";
import type { Batch } from "../data/batch.ts";
import type { ClassificationBatch } from "../data/classification.ts";
import { pad4 } from "../engine/tensor.ts";
import type { Run } from "./run.ts";

export interface Evaluation {
  /** Mean over counted tokens, nats. */
  loss: number;
  /** Share of rows whose every counted token is the arg max, 0..1; of a classifier the first of its metrics. */
  metric: number;
  /** All metrics of a classifier, by name. */
  metrics?: Record<string, number>;
  rows: number;
}

export type AnyBatch = Batch | ClassificationBatch;

/** What the mean loss is taken over: labels of tokens, or rows. */
export const counted = (batch: AnyBatch): number => ("rows" in batch ? batch.rows : batch.tokens);

/** Writes a batch to the input leaves; the denominator is the batch's own count unless given. */
export function writeBatch(run: Run, batch: AnyBatch, denominator = counted(batch)): void {
  run.plans.write("inputIds", batch.inputIds);
  run.plans.write("mask", batch.attentionMask);
  if (batch.labels) run.plans.write("labels", batch.labels);
  if ("rows" in batch) {
    if (batch.values) run.plans.write("values", batch.values);
    // A model with one type of tokens knows of no second segment.
    run.plans.write("typeIds", (run.target.subject.config.tokenTypes ?? 1) > 1 ? batch.typeIds : new Int32Array(batch.typeIds.length));
  }
  run.plans.write("denominator", Float32Array.of(Math.max(1, denominator)));
}

/** How a row fared. */
export interface Answered {
  /** Sum over its counted tokens, nats. */
  loss: number;
  tokens: number;
  /** Every counted token is the arg max. */
  exact: boolean;
}

/** In the order of the examples; null: cancelled. */
export async function answered(
  run: Run,
  examples: readonly Example[],
  batchSize: number,
  maxLength: number,
  cancelled: () => boolean = () => false,
): Promise<Answered[] | null> {
  const rows: Answered[] = [];
  // Rows of like length together: few padded tokens, few distinct shapes.
  const sorted = [...examples.keys()].sort((a, b) => examples[a].ids.length - examples[b].ids.length);
  for (let i = 0; i < sorted.length; i += batchSize) {
    const these = sorted.slice(i, i + batchSize);
    const batch = makeBatch(these.map((at) => examples[at]), { maxLength, rows: batchSize }); // prettier-ignore
    const plan = await run.plans.evaluation(batch.B, batch.T);
    writeBatch(run, batch);
    if (await run.backend.run(plan, cancelled)) return null;
    const size = batch.B * batch.T;
    const [losses, correct] = await Promise.all([
      run.backend.read({ ...plan.captures.get("losses")!, elements: size }),
      run.backend.read({ ...plan.captures.get("correct")!, elements: size }),
    ]);
    these.forEach((at, row) => {
      let [loss, tokens, hit] = [0, 0, 0];
      for (let t = row * batch.T; t < (row + 1) * batch.T; t++) {
        if (batch.labels[t] < 0) continue;
        tokens++;
        loss += losses[t];
        hit += correct[t];
      }
      rows[at] = { loss, tokens, exact: tokens > 0 && hit === tokens };
    });
  }
  return rows;
}

export async function evaluate(
  run: Run,
  examples: readonly Example[],
  batchSize: number,
  maxLength: number,
  cancelled?: () => boolean,
): Promise<Evaluation | null> {
  const rows = await answered(run, examples, batchSize, maxLength, cancelled);
  if (!rows) return null;
  const sum = (of: (row: Answered) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return {
    loss:
      sum((r) => r.loss) /
      Math.max(
        1,
        sum((r) => r.tokens),
      ),
    metric: sum((r) => Number(r.exact)) / Math.max(1, rows.length),
    rows: rows.length,
  };
}

/** Logits (B, T, V) of the batch in the input leaves, or (B, classes); the padding left out. */
export async function readLogits(run: Run, B: number, T: number): Promise<Float32Array<ArrayBuffer>> {
  const { config, classes } = run.target.subject;
  const V = classes ?? config.vocabSize;
  const rows = classes ? B : B * T;
  const plan = await run.plans.logits(B, T);
  await run.backend.run(plan);
  const padded = await run.backend.read({ ...plan.captures.get("logits")!, elements: rows * pad4(V) });
  const logits = new Float32Array(rows * V);
  for (let i = 0; i < rows; i++) logits.set(padded.subarray(i * pad4(V), i * pad4(V) + V), i * V);
  return logits;
}
