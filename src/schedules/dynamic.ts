// dynamic.ts — at step 0 of every epoch and every ceil(realloc_N · steps per epoch) steps within it. arXiv 2406.14956

import type { Schedule } from "./schedule.ts";

export const dynamic: Schedule = {
  name: "dynamic",
  title: "While training",
  help: "Decided again and again: all modules on, score, the best stay on.",
  paper: "2406.14956",
  actions(step, { steps, stepsPerEpoch, realloc_N, first_epochs_random, stop_after }) {
    const every = Math.ceil(realloc_N * stepsPerEpoch - 1e-9);
    if ((step % stepsPerEpoch) % every !== 0 || (step > 0 && step >= stop_after * steps)) return [];
    return [{ type: "reallocate", scores: Math.floor(step / stepsPerEpoch) < first_epochs_random ? "random" : "proxy" }];
  },
};
