// proportional.ts — ranks in proportion to scores, between a minimum and a maximum: step by step to the site with the most score per rank it would
// then have (D'Hondt's method). Negative scores are shifted up to 0 first. Where the minimum cannot be paid for all, the best get it.

import { type Allocator, Purse, bestFirst, bounds } from "./allocator.ts";

export const proportional: Allocator = {
  name: "proportional",
  title: "Proportional",
  help: "Ranks in proportion to the scores, between a minimum and a maximum.",
  onOff: false,
  allocate(scores, sites, budget, o) {
    const purse = new Purse(sites, budget);
    const order = bestFirst(scores, sites, o.ties);
    for (const i of order) {
      const { least } = bounds(sites[i], o);
      if (least > 0 && !purse.give(i, least)) return purse.ranks;
    }
    const lowest = Math.min(0, ...order.map((i) => scores[i]));
    const weights = scores.map((s) => s - lowest);
    const even = order.every((i) => weights[i] === 0);
    let open = order.filter((i) => (even || weights[i] > 0) && bounds(sites[i], o).most > purse.ranks[i]);
    while (open.length) {
      const claim = (i: number): number => (even ? 1 : weights[i]) / (purse.ranks[i] + o.step);
      const next = open.reduce((best, i) => (claim(i) > claim(best) ? i : best));
      const r = purse.ranks[next] + o.step;
      if (!purse.give(next, r) || r >= bounds(sites[next], o).most) open = open.filter((i) => i !== next);
    }
    return purse.ranks;
  },
};
