// greedy.ts — the best score per parameter first, at the largest rank it may have; the last gets what is left.

import { type Allocator, Purse, bestFirst, bounds } from "./allocator.ts";

export const greedy: Allocator = {
  name: "greedy",
  title: "Greedy",
  help: "The best score per parameter first, at the largest rank allowed, until the budget is spent.",
  onOff: false,
  allocate(scores, sites, budget, o) {
    const purse = new Purse(sites, budget);
    // Below 0 a larger site is the worse choice for the same score.
    const worth = scores.map((s, i) => (s >= 0 ? s / (sites[i].in + sites[i].out) : s * (sites[i].in + sites[i].out)));
    const order = bestFirst(worth, sites, o.ties);
    for (const i of order) {
      const { least } = bounds(sites[i], o);
      if (least > 0 && !purse.give(i, least)) return purse.ranks;
    }
    for (const i of order) {
      const { most } = bounds(sites[i], o);
      for (let r = most; r > purse.ranks[i]; r -= o.step) if (purse.give(i, r)) break;
    }
    return purse.ranks;
  },
};
