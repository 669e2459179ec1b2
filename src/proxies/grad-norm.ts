// grad-norm.ts — S = ‖∇A‖_F + ‖∇B‖_F: the sum of two norms, not the norm of both. At B = 0 it is ‖∇B‖. arXiv 2406.14956

import type { RankProxy } from "./proxy.ts";

export const gradNorm: RankProxy = {
  name: "grad-norm",
  title: "Gradient norm",
  help: "‖∇A‖ + ‖∇B‖: where the loss pulls hardest. Works from the first step on.",
  paper: "2406.14956",
  atZero: "holds",
  probe: "gradients",
  passes: (k) => k,
  async score(probe) {
    await probe.gradients();
    return (await probe.sums("g²")).map(({ A, B }) => Math.sqrt(A) + Math.sqrt(B));
  },
};
