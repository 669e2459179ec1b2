// manual.ts — ranks set by hand, cut where the budget ends: the first sites keep what they were given.

import { type Allocator, Purse } from "./allocator.ts";

export const manual: Allocator = {
  name: "manual",
  title: "By hand",
  help: "The ranks you set, module by module. Scores do not matter.",
  onOff: false,
  by: "hand",
  allocate(_, sites, budget, { ranks = [] }) {
    const purse = new Purse(sites, budget);
    sites.forEach((s, i) => {
      if (!s.locked && !s.excluded) purse.give(i, Math.min(ranks[i] ?? s.r, s.in, s.out));
    });
    return purse.ranks;
  },
};
