// allocations.ts — what a series of allocations says about each site: order of scores, time spent on, history. Pure.
import type { Allocation } from "../fold.ts";

/** Place of each adapted site by its score, 1 is the best; ties share the best place of theirs. 0: not adapted. */
export function rankOrder(scores: readonly number[], adapted: readonly boolean[]): number[] {
  const sorted = scores.filter((_, i) => adapted[i]).sort((a, b) => b - a);
  return scores.map((score, i) => (adapted[i] ? sorted.indexOf(score) + 1 : 0));
}

/** Share of the steps from the first allocation to `step` during which each site was on, 0..1; at the first one, what it decides. */
export function onShare(allocations: readonly Allocation[], step: number): number[] {
  const [begin] = allocations;
  const whole = step - begin.step;
  return begin.ranks.map((_, site) => {
    if (whole <= 0) return begin.ranks[site] > 0 ? 1 : 0;
    const on = allocations.reduce((sum, { step: from, ranks }, k) => sum + (ranks[site] > 0 ? (allocations[k + 1]?.step ?? step) - from : 0), 0);
    return on / whole;
  });
}

export interface SiteHistory {
  step: number;
  score: number;
  on: boolean;
}

export const historyOf = (allocations: readonly Allocation[], site: number): SiteHistory[] =>
  allocations.map(({ step, scores, ranks }) => ({ step, score: scores[site], on: ranks[site] > 0 }));
