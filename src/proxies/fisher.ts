// fisher.ts — S = Σ_channels ½ mean_rows (Σ_t a · ∂L/∂a)², a = the site's low-rank output, summed over the batches.
// Theis et al. 2018, https://arxiv.org/abs/1801.05787; sequence positions take the place of an image's.

import type { RankProxy } from "./proxy.ts";

export const fisher: RankProxy = {
  name: "fisher",
  title: "Fisher",
  help: "How much the loss depends on what the branch gives out, channel by channel. 0 while B is 0.",
  paper: "1801.05787",
  atZero: "vanishes",
  probe: "fisher",
  passes: (k) => k,
  score: (probe) => probe.fisher(),
};
