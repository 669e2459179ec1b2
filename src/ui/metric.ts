// metric.ts — the metric of an evaluation by name and value. Shares are percents; a correlation (matthews, pearson) stays a number.
import type { TrainEvent } from "../protocol.ts";
import { isShare, minus } from "../statistics/measure-words.ts";
import { percent } from "./format.ts";
import { text } from "./strings.ts";

type Evaluated = Pick<Extract<TrainEvent, { type: "evaluation" }>, "metric" | "metrics">;

/** All of them; the first is the one that is followed. */
export const metricsOf = ({ metric, metrics = { "exact match": metric } }: Evaluated): [name: string, value: string][] =>
  Object.entries(metrics).map(([name, value]) => [text.metrics[name] ?? name, isShare(name) ? percent(value) : minus(value.toFixed(2))]);

/** What a model predicts, as its evaluations tell; null: there is none yet. */
export function predicted(evaluations: readonly Evaluated[]): "text" | "classes" | "values" | null {
  const last = evaluations.at(-1);
  if (!last) return null;
  return !last.metrics ? "text" : "pearson" in last.metrics ? "values" : "classes";
}

export const metricOf = (evaluation: Evaluated): [name: string, value: string] => metricsOf(evaluation)[0];
