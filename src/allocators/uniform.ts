// uniform.ts — the same rank for all, as large as the budget pays for: what any allocation must beat. Where not even one step is paid for all, as
// many sites as are get it, in seeded order.

import { type Allocator, Purse, bestFirst, bounds } from "./allocator.ts";

export const uniform: Allocator = {
  name: "uniform",
  title: "Uniform",
  help: "The same rank for all modules, as large as the budget allows. Scores do not matter.",
  onOff: false,
  by: "nothing",
  allocate(_, sites, budget, o) {
    const purse = new Purse(sites, budget);
    const order = bestFirst(sites.map(() => 1), sites, o.ties); // prettier-ignore
    const most = Math.max(0, ...order.map((i) => bounds(sites[i], o).most));
    let given = false;
    for (let r = o.step; r <= most; r += o.step) {
      const trial = new Purse(sites, budget);
      if (!order.every((i) => trial.give(i, Math.min(r, bounds(sites[i], o).most)))) break;
      for (const i of order) purse.give(i, trial.ranks[i]);
      given = true;
    }
    if (!given) for (const i of order) purse.give(i, Math.min(o.step, bounds(sites[i], o).most));
    return purse.ranks;
  },
};
