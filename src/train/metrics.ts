// metrics.ts — how well labels were predicted, as scikit-learn and SciPy compute it; 0 where a figure has no value (nothing predicted, nothing varies).

import type { Metric } from "../data/labelled-tasks.ts";

type Numbers = ArrayLike<number>;

const mean = (x: Numbers): number => Array.from(x).reduce((a, b) => a + b, 0) / Math.max(1, x.length);

/** Σ (x − mean x)(y − mean y) / √(Σ (x − mean x)² Σ (y − mean y)²). */
function pearson(x: Numbers, y: Numbers): number {
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) ** 2;
    yy += (y[i] - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

/** predicted, truth: index of the class per row; for pearson the value. */
export const metrics: Readonly<Record<Metric, (predicted: Numbers, truth: Numbers) => number>> = {
  accuracy: (predicted, truth) => mean(Array.from(predicted, (p, i) => Number(p === truth[i]))),
  /** 2 TP / (2 TP + FP + FN) of class 1. */
  f1(predicted, truth) {
    let [both, either] = [0, 0];
    for (let i = 0; i < truth.length; i++) {
      both += Number(predicted[i] === 1 && truth[i] === 1);
      either += Number(predicted[i] === 1) + Number(truth[i] === 1);
    }
    return either ? (2 * both) / either : 0;
  },
  /** For two classes the correlation of their indicators. Matthews 1975; for more, Gorodkin 2004. */
  matthews(predicted, truth) {
    const classes = [...new Set([...Array.from(predicted), ...Array.from(truth)])];
    const n = truth.length;
    const times = (x: Numbers, c: number): number => Array.from(x).filter((v) => v === c).length;
    const right = Array.from(predicted).filter((p, i) => p === truth[i]).length;
    const [p, t] = [classes.map((c) => times(predicted, c)), classes.map((c) => times(truth, c))];
    const dot = (x: number[], y: number[]): number => x.reduce((sum, v, i) => sum + v * y[i], 0);
    const spread = (n * n - dot(p, p)) * (n * n - dot(t, t));
    return spread > 0 ? (right * n - dot(p, t)) / Math.sqrt(spread) : 0;
  },
  pearson,
};
