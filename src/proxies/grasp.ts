// grasp.ts — S = −Σ θ ⊙ (H g) over a site's A and B: what keeps the gradient flowing. At B = 0 it is −‖∇B‖², which ranks backwards.
// Wang et al. 2020, https://arxiv.org/abs/2002.07376

import type { RankProxy } from "./proxy.ts";

export const grasp: RankProxy = {
  name: "grasp",
  title: "GraSP",
  help: "−θ · Hg: which weights keep the gradient flowing. While B is 0 it is −‖∇B‖² and ranks backwards.",
  paper: "2002.07376",
  atZero: "reverses",
  probe: "gradients",
  passes: (k) => 3 * k,
  score: async (probe) => (await probe.curvature()).map((s) => -s),
};
