// The k best in common: against drawing ties many times, and the correlation of random orders against its bound.
import { expect, test } from "vitest";
import { correlation } from "../../src/statistics/rank-correlation.ts";
import { chanceCorrelation, topOverlap } from "../../src/statistics/top-overlap.ts";

/** Seeded, 0..1. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
const drawn = (values: readonly number[], k: number, next: () => number): Set<number> => {
  const keyed = values.map((value, i) => [value, next(), i]).sort((x, y) => y[0] - x[0] || y[1] - x[1]);
  return new Set(keyed.slice(0, k).map(([, , i]) => i));
};

test("without ties it is a count", () => {
  expect(topOverlap([5, 4, 3, 2, 1], [1, 5, 4, 3, 2], 2)).toBe(0.5);
  expect(topOverlap([5, 4, 3], [50, 40, 30], 2)).toBe(1);
  expect(topOverlap([5, 4, 3, 2], [1, 2, 3, 4], 2)).toBe(0);
});

test("all the same is chance: k of n", () => {
  expect(topOverlap([1, 1, 1, 1], [9, 3, 2, 1], 1)).toBeCloseTo(0.25, 12);
  expect(topOverlap([1, 1, 1, 1], [2, 2, 2, 2], 3)).toBeCloseTo(0.75, 12);
});

test("ties at the border: as many draws say", () => {
  const [a, b, k] = [[3, 2, 2, 2, 1, 0], [1, 2, 2, 1, 1, 0], 3]; // prettier-ignore
  const next = random(7);
  const draws = 40_000;
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) {
    const [p, q] = [drawn(a, k, next), drawn(b, k, next)];
    sum += [...p].filter((i) => q.has(i)).length / k;
  }
  expect(topOverlap(a, b, k)).toBeCloseTo(sum / draws, 2);
});

test("19 of 20 random orders correlate within the bound", () => {
  const next = random(3);
  const order = (n: number): number[] => Array.from({ length: n }, next);
  const within = Array.from({ length: 4000 }, () => Math.abs(correlation(order(42), order(42))!)).filter((r) => r <= chanceCorrelation(42)).length;
  expect(within / 4000).toBeGreaterThan(0.94);
  expect(within / 4000).toBeLessThan(0.96);
});
