// learning-rate.ts — the factor on the peak learning rate at each step: linear warm-up, then constant, linear or cosine decay to 0.

export const schedulers = {
  constant: { name: "constant", title: "Constant", help: "The same rate to the end.", decay: () => 1 },
  linear: { name: "linear", title: "Linear", help: "Falls in a straight line to 0.", decay: (progress: number) => 1 - progress },
  cosine: {
    name: "cosine",
    title: "Cosine",
    help: "Falls slowly, then fast, then slowly to 0.",
    decay: (progress: number) => (1 + Math.cos(Math.PI * progress)) / 2,
  },
} as const;

export type SchedulerName = keyof typeof schedulers;

/** step counts from 0. The first step of a warm-up of w steps has the factor 1/w, not 0: no step is without effect. */
export function rateFactor(name: SchedulerName, step: number, steps: number, warmup: number): number {
  if (step < warmup) return (step + 1) / warmup;
  return schedulers[name].decay(Math.min(1, (step - warmup) / Math.max(1, steps - warmup)));
}
