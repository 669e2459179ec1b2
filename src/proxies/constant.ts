// constant.ts — S = 1 for all: every score ties, so the choice is a seeded random one. What any proxy must beat.

import type { RankProxy } from "./proxy.ts";

export const constant: RankProxy = {
  name: "constant",
  title: "Random",
  help: "The same score for all: a seeded random choice. What any proxy must beat.",
  paper: "2406.14956",
  atZero: "holds",
  random: true,
  probe: "none",
  passes: () => 0,
  score: async (probe) => probe.sites.map(() => 1),
};
