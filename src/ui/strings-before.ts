// strings-before.ts — what the page says before a run: its plan, its rows, a plan that fits; part of strings.ts.
import { plural } from "./format.ts";

export const preflight = {
  backend: "Computes on",
  memory: "Memory of this run",
  trainable: "May learn",
  time: "Time",
  timeUnknown: "known after the first steps on this device",
  flops: "Work per step",
  parts: {
    weights: "frozen weights",
    trainables: "trainable",
    gradients: "gradients",
    moments: "optimizer",
    activations: "activations",
    staging: "staging",
  },
  checking: "Checking this configuration…",
  of: (share: string, total: string) => `${share} of ${total}`,
};

export const preview = {
  trained: "counted in the loss",
  label: "the label to learn",
  read: "only read",
  share: (share: string) => `${share} of the tokens are trained on`,
  rows: (train: string, held: string) => `${plural(train, "row")} to train on, ${held} held out`,
  lengths: "Row length in tokens",
  lengthBar: (upTo: number, rows: string) => `up to ${upTo} tokens: ${plural(rows, "row")}`,
  wrong: (n: number) => `${plural(n.toLocaleString("en"), "row")} left out`,
  line: (line: number) => `line ${line}`,
  more: (n: string) => `and ${n} more`,
  reading: "Reading the data…",
};

export const suggestion = {
  use: (words: string) => `Use ${words}`,
  checkpointing: "checkpointing",
  batch: (rows: number, passes: number) => `batch ${rows} × ${passes}`,
  rows: (tokens: number) => `rows of ${tokens} tokens`,
  change: (title: string, from: string, to: string) => `${title}: ${from} → ${to}`,
  fits: (size: string) => `then ${size}`,
  on: "on",
  off: "off",
};
