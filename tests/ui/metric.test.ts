// Shares are percents; a correlation is none.
import { expect, test } from "vitest";
import { metricOf, metricsOf } from "../../src/ui/metric.ts";

test("accuracy, exact match and F1 in percent, Matthews' and Pearson's as numbers, the sign too", () => {
  expect(metricOf({ metric: 0.256 })).toEqual(["right", "26 %"]);
  expect(metricsOf({ metric: 0.7, metrics: { accuracy: 0.7, f1: 0.812 } })).toEqual([
    ["right", "70 %"],
    ["F1", "81 %"],
  ]);
  expect(metricOf({ metric: -0.034, metrics: { matthews: -0.034 } })).toEqual(["matthews", "−0.03"]);
  expect(metricOf({ metric: 0.999, metrics: { pearson: 0.999 } })).toEqual(["pearson", "1.00"]);
});
