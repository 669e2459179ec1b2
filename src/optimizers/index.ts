// The optimizers, as the page lists them. AdamW's update is the op in ops/adamw.ts. One entry adds one.

export const optimizers = {
  adamw: {
    name: "adamw",
    title: "AdamW",
    help: "Adam with weight decay that does not pass through the moments.",
    paper: "1711.05101",
    /** β₁, β₂, ε as PyTorch's defaults. */
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
  },
} as const;

export type OptimizerName = keyof typeof optimizers;
