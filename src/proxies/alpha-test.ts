// alpha-test.ts — S = the smallest a in 0 … 10 such that the site's whole output (base and branch) times a/10 keeps the perplexity within a tolerance,
// by bisection. Not zero-cost: about four evaluations per site. Of a shortcut a/10 scales the branch alone, as it has no base: 0 while B is 0.
// arXiv 2406.14956, authors' code

import type { Probe, RankProxy } from "./proxy.ts";

/** ppl ≤ ppl₀ · (1 + tolerance) passes; the authors' value. */
const TOLERANCE = 0.005;

export async function alphaTest(probe: Probe, tolerance = TOLERANCE): Promise<number[]> {
  const limit = Math.exp(await probe.loss()) * (1 + tolerance);
  const scores: number[] = [];
  for (const site of probe.sites) {
    let [low, high] = [0, 10];
    while (low < high) {
      const a = Math.floor((low + high) / 2);
      if (Math.exp(await probe.loss({ site, by: a / 10 })) <= limit) high = a;
      else low = a + 1;
    }
    scores.push(high);
  }
  return scores;
}

export const alphaTestProxy: RankProxy = {
  name: "alpha-test",
  title: "Alpha test",
  help: "How far a module's whole output can be turned down before the loss notices. Slow: about four evaluations per module.",
  paper: "2406.14956",
  atZero: "holds",
  probe: "gains",
  passes: (k, n) => ((1 + 4 * n) * k) / 3,
  score: (probe) => alphaTest(probe),
};
