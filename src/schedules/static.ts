// static.ts — once, before training.

import type { Schedule } from "./schedule.ts";

export const fixed: Schedule = {
  name: "static",
  title: "Once",
  help: "Decided once, before training.",
  paper: "2406.14956",
  actions: (step) => (step === 0 ? [{ type: "reallocate", scores: "proxy" }] : []),
};
