// top-overlap.ts — how many of the k best two orders have in common, where chance decides what ties at the border; and what chance alone would give.

/** Expected share of the k best in common, 0..1. Ties of one are drawn without regard to the other's. 1 ≤ k ≤ a.length = b.length. */
export function topOverlap(a: readonly number[], b: readonly number[], k: number): number {
  const [p, q] = [chosen(a, k), chosen(b, k)];
  return p.reduce((sum, share, i) => sum + share * q[i], 0) / k;
}

/** Probability of each to be among the k best. */
function chosen(values: readonly number[], k: number): number[] {
  const border = values.toSorted((x, y) => y - x)[k - 1];
  const above = values.filter((value) => value > border).length;
  const tied = values.filter((value) => value === border).length;
  return values.map((value) => (value > border ? 1 : value === border ? (k - above) / tied : 0));
}

/** Two random orders of n correlate (Spearman) within ± this in 95 of 100 cases: 1.96 / √(n − 1), good from about ten on. */
export const chanceCorrelation = (n: number): number => Math.min(1, 1.96 / Math.sqrt(Math.max(1, n - 1)));
