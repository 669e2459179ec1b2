// synflow.ts — S = Σ |A ⊙ ∂R/∂A| + Σ |B ⊙ ∂R/∂B| of the network with every weight's sign taken off, on inputs of ones: needs no data.
// R = Σ logits. Tanaka et al. 2020, https://arxiv.org/abs/2006.05467. The second form takes the training loss for R, as HeteroLoRA's authors do:
// a network without signs is so sure of itself that its scores are next to nothing.

import type { RankProxy } from "./proxy.ts";

const form = (objective: "logits" | "loss") => ({
  paper: "2006.05467",
  atZero: "vanishes" as const,
  probe: "unsigned" as const,
  passes: () => 1,
  score: async (probe: Parameters<RankProxy["score"]>[0]) => (await probe.unsigned({ objective })).map(({ A, B }) => A + B),
});

export const synflow: RankProxy = {
  name: "synflow",
  title: "SynFlow",
  help: "How much flows through the branch when all weights are positive: needs no data. Experimental where layers are normed. 0 while B is 0.",
  ...form("logits"),
};

export const synflowLoss: RankProxy = {
  name: "synflow-ce",
  title: "SynFlow (authors' form)",
  help: "SynFlow of the training loss instead of the logits' sum, as HeteroLoRA's code has it: scores near 0.",
  ...form("loss"),
};
