// Metrics of labels against scikit-learn's accuracy_score, f1_score, matthews_corrcoef and SciPy's pearsonr, worked out by hand.

import { expect, test } from "vitest";
import { metrics } from "../../src/train/metrics.ts";

const truth = [1, 0, 1, 1, 0, 0, 1, 0];
const predicted = [1, 0, 0, 1, 1, 0, 1, 1]; // 3 true positives, 2 false, 1 missed, 2 true negatives

test("two classes", () => {
  expect(metrics.accuracy(predicted, truth)).toBe(5 / 8);
  expect(metrics.f1(predicted, truth)).toBeCloseTo(6 / 9, 15);
  // (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))
  expect(metrics.matthews(predicted, truth)).toBeCloseTo((3 * 2 - 2 * 1) / Math.sqrt(5 * 4 * 4 * 3), 15);
});

test("three classes: the example of Gorodkin's correlation", () => {
  // Confusion, rows the truth: [2 1 0] [0 1 1] [0 0 2]: 5 of 7 right, 35 − (3·2 + 2·2 + 2·3) over √((49 − 17)(49 − 17)).
  const [t, p] = [
    [0, 0, 0, 1, 1, 2, 2],
    [0, 0, 1, 1, 2, 2, 2],
  ];
  expect(metrics.matthews(p, t)).toBeCloseTo((5 * 7 - 16) / Math.sqrt((49 - 17) * (49 - 17)), 15);
  expect(metrics.accuracy(p, t)).toBeCloseTo(5 / 7, 15);
});

test("values", () => {
  expect(metrics.pearson([1, 2, 3], [10, 20, 30])).toBeCloseTo(1, 15);
  expect(metrics.pearson([1, 2, 3], [3, 2, 1])).toBeCloseTo(-1, 15);
  // deviations (−1.5, −0.5, 0.5, 1.5) and (−1, 1, −2, 2): 3 / √(5 · 10)
  expect(metrics.pearson([1, 2, 3, 4], [2, 4, 1, 5])).toBeCloseTo(3 / Math.sqrt(50), 15);
});

test("figures without a value are 0", () => {
  expect(metrics.f1([0, 0], [0, 0])).toBe(0);
  expect(metrics.matthews([1, 1], [0, 1])).toBe(0);
  expect(metrics.pearson([2, 2], [0, 1])).toBe(0);
  expect(metrics.accuracy([], [])).toBe(0);
});
