// snip.ts — S = Σ |A ⊙ ∇A| + Σ |B ⊙ ∇B|: how much the loss would change if single weights were cut, by the chain rule of a mask of ones.
// Lee et al. 2019, https://arxiv.org/abs/1810.02340

import type { RankProxy } from "./proxy.ts";

export const snip: RankProxy = {
  name: "snip",
  title: "SNIP",
  help: "Σ |weight × gradient|: what the loss would miss if the weights were cut. 0 while B is 0.",
  paper: "1810.02340",
  atZero: "vanishes",
  probe: "gradients",
  passes: (k) => k,
  async score(probe) {
    await probe.gradients();
    return (await probe.sums("|p·g|")).map(({ A, B }) => A + B);
  },
};
