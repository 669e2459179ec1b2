// top-k.ts — on or off at a fixed rank: the K best, or, best first, all that a number of parameters pays for. arXiv 2406.14956

import { type Allocator, Purse, bestFirst } from "./allocator.ts";

export const topK: Allocator = {
  name: "top-k",
  title: "Top K",
  help: "On or off at a fixed rank: the modules with the best scores, ties at random.",
  paper: "2406.14956",
  onOff: true,
  allocate(scores, sites, budget, { ties }) {
    const purse = new Purse(sites, budget);
    for (const i of bestFirst(scores, sites, ties)) purse.give(i, sites[i].r);
    return purse.ranks;
  },
};
