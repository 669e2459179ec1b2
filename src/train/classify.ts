// classify.ts — what a classifier says of rows: a class and how sure it is, or a value; and the loss and metrics of held-out rows.

import { type LabelledExample, makeClassificationBatch } from "../data/classification.ts";
import type { Metric } from "../data/labelled-tasks.ts";
import { pad4 } from "../engine/tensor.ts";
import { type Evaluation, writeBatch } from "./evaluate.ts";
import { metrics } from "./metrics.ts";
import type { Run } from "./run.ts";

/** One row's. */
export interface Prediction {
  /** Index of the class; of a regression the value. */
  label: number;
  /** Probability of that class, 0..1; 1 for a value. */
  sureness: number;
  /** Nats; of a value, its squared error. */
  loss: number;
}

/** In the order of the examples; null: cancelled. */
export async function predict(
  run: Run,
  examples: readonly LabelledExample[],
  batchSize: number,
  maxLength: number,
  cancelled: () => boolean = () => false,
): Promise<Prediction[] | null> {
  const classes = run.target.subject.classes!;
  const predictions: Prediction[] = [];
  // Rows of like length together: few padded tokens, few distinct shapes.
  const sorted = [...examples.keys()].sort((a, b) => examples[a].ids.length - examples[b].ids.length);
  for (let i = 0; i < sorted.length; i += batchSize) {
    const these = sorted.slice(i, i + batchSize);
    const batch = makeClassificationBatch(these.map((at) => examples[at]), { maxLength, rows: batchSize, regression: classes === 1 }); // prettier-ignore
    const plan = await run.plans.evaluation(batch.B, batch.T);
    writeBatch(run, batch);
    if (await run.backend.run(plan, cancelled)) return null;
    const logits = await run.backend.read({ ...plan.captures.get("logits")!, elements: batch.B * pad4(classes) });
    const losses = await run.backend.read({ ...plan.captures.get("losses")!, elements: batch.B });
    these.forEach((at, row) => {
      const scores = logits.subarray(row * pad4(classes), row * pad4(classes) + classes);
      predictions[at] = { ...said(scores), loss: losses[row] };
    });
  }
  return predictions;
}

function said(scores: Float32Array): Omit<Prediction, "loss"> {
  if (scores.length === 1) return { label: scores[0], sureness: 1 };
  const most = scores.reduce((a, b) => Math.max(a, b));
  return { label: scores.indexOf(most), sureness: 1 / scores.reduce((sum, s) => sum + Math.exp(s - most), 0) };
}

/** "equivalent (97 %)", or a value. */
export const spell = ({ label, sureness }: Prediction, classes: readonly string[] | null): string =>
  classes ? `${classes[label]} (${Math.round(100 * sureness)} %)` : label.toFixed(2);

/** measured: the first is the one to compare by. null: cancelled. */
export async function evaluateLabels(
  run: Run,
  examples: readonly LabelledExample[],
  batchSize: number,
  maxLength: number,
  measured: readonly Metric[],
  cancelled?: () => boolean,
): Promise<Evaluation | null> {
  const predictions = await predict(run, examples, batchSize, maxLength, cancelled);
  if (!predictions) return null;
  const predicted = predictions.map((p) => p.label);
  const truth = examples.map((e) => e.label);
  const values = Object.fromEntries(measured.map((name) => [name, metrics[name](predicted, truth)]));
  const loss = predictions.reduce((sum, p) => sum + p.loss, 0) / Math.max(1, predictions.length);
  return { loss, metric: values[measured[0]], metrics: values, rows: examples.length };
}
