// metric.ts — the metric of an evaluation by name and value. Shares are percents; a correlation (matthews, pearson) stays a number.
import type { TrainEvent } from "../protocol.ts";
import { percent } from "./format.ts";
import { text } from "./strings.ts";

type Evaluated = Pick<Extract<TrainEvent, { type: "evaluation" }>, "metric" | "metrics">;

export function metricOf({ metric, metrics = {} }: Evaluated): [name: string, value: string] {
  const name = Object.keys(metrics)[0] ?? "match";
  return [text.metrics[name] ?? name, name in text.metrics ? percent(metric) : metric.toFixed(2)];
}
