// strings-rank.ts — what the page says about where the rank goes: allocation, map, cells, tables; part of strings.ts.
import { plural } from "./format.ts";

export const allocation = {
  title: "Allocation by score",
  help: "Scores decide which modules get the rank, within a budget.",
  budget: { share: "share", modules: "modules", parameters: "parameters" },
  budgetUnit: "Budget in",
  more: "More on allocation",
  cost: (passes: string, flops: string, bytes: string) => `One scoring: ${passes} passes, ${flops} GFLOP, ${bytes}`,
  score: "Score the modules",
  again: "Score again",
  scoring: (done: number, total: number) => (total > 0 ? `Scoring: ${done} of ${total} passes` : "Getting ready to score…"),
  cancel: "Cancel",
  stale: "Not scored as it is now.",
  byHand: (n: number) =>
    `Ranks are set on the map: click a cell, or type a digit on it. ${n === 0 ? "None is set; all modules keep theirs." : n === 1 ? "One is set." : `${n} are set.`}`,
  cut: (n: number) => `The budget ends before ${n === 1 ? "one rank" : `${n} ranks`} that you set: raise it, or lower others.`,
  all: "Let the budget pay for all",
  names: "names or paths, separated by commas",
};

export const heatmap = {
  views: { rank: "rank", score: "score", order: "order", on: "on", delta: "‖ΔW‖", gradient: "gradient", parameters: "parameters" },
  viewHelp: {
    rank: "How many directions each matrix may change in.",
    score: "What each matrix is worth to the score, before the budget decides.",
    order: "The matrices by their score: 1 is the best.",
    on: "Share of the run so far in which each matrix was on.",
    delta: "How far each matrix has moved from the base model (Frobenius norm).",
    gradient: "How hard the loss pulls at each place, in this window of steps.",
    parameters: "How many numbers may learn at each place.",
  },
  viewLabel: "What the cells show",
  table: "Table",
  map: "Map",
  layer: "layer",
  outside: "outside",
  outsideLayers: "outside layers",
  off: "off",
  inFull: "trained in full",
  grid: "Layers by modules. Arrow keys move.",
  settable: "Layers by modules. Arrow keys move, Enter or a digit sets a rank.",
  total: "sum",
  norm: "norm",
  mean: "mean",
  place: (score: string, place: number) => `score ${score} (place ${place})`,
  inOrder: "rank order",
  useRanks: "Use these ranks in a new run",
  spent: (spent: string, budget: string, unit: string) => `Budget: ${spent} of ${budget} ${unit} spent`,
  history: (n: number) => `Score at ${n} allocations; filled: on.`,
  which: "Whose ranks",
  window: (step: number) => `up to step ${step}`,
  live: "live",
  play: "Play the history",
  pausePlay: "Stop playing",
  scrub: "Step",
  waiting: "The first numbers come with the first steps.",
  tip: "Click a cell to set its rank.",
};

export const cell = {
  title: (layer: string, module: string) => `${layer.charAt(0).toUpperCase()}${layer.slice(1)} · ${module}`,
  shape: (outputs: number, inputs: number) => `${outputs} × ${inputs}`,
  rank: "Rank",
  apply: "Set",
  scope: "Apply to",
  scopes: { cell: "this place", layer: "the layer", module: "the column" },
  mark: "In an allocation",
  marks: { free: "by score", locked: "always on", excluded: "left out" },
  shortcut: "All shortcuts have one rank, which is set in the form; the allocation by hand sets them one by one.",
  next: "Counts from the next run on.",
  range: (most: number) => `A whole number from 0 (off) to ${most}.`,
};

export const table = {
  layer: "layer",
  module: "module",
  out: "out",
  in: "in",
  rank: "rank",
  score: "score",
  alpha: "alpha",
  parameters: "parameters",
  gradNorm: "gradient",
  deltaNorm: "‖ΔW‖",
  total: "sum, norm",
};

export const difference = {
  title: "difference",
  against: "Compare with",
  nothing: "nothing",
  help: (first: string, second: string) => `Blue: more in ${first}. Orange: more in ${second}.`,
  when: "Both as they were after the same step, or at their end.",
  order: "How many places better or worse each matrix comes out by its score.",
  more: (name: string) => `more in ${name}`,
  cell: (view: string, first: string, firstName: string, second: string, secondName: string, by: string) =>
    `${view} ${first} in ${firstName}, ${second} in ${secondName}, difference ${by}`,
  unknown: "not known in both",
  empty: "The run ended before its map showed anything.",
  none: "The two runs have no module in common.",
};

export const runs = {
  current: "this run",
  next: "next run",
  name: (n: number) => `run ${n}`,
  option: (name: string, words: string, steps: number) => `${name}: ${words}, ${plural(steps, "step")}`,
  full: "full fine-tuning",
  rank: (r: number) => `rank ${r}`,
  byHand: "ranks by hand",
  allocated: (allocator: string, proxy: string | null, budget: string) => `${allocator}${proxy === null ? "" : ` by ${proxy}`}, ${budget}`,
  modules: (n: string) => plural(n, "module"),
  parameters: (n: string) => plural(n, "parameter"),
};

export const proxies = {
  title: "Scores side by side",
  help: "What each score makes of the same modules, untrained. The number is the place by score, 1 is the best; colours are scaled for each score by itself.",
  choose: "Choose scores",
  close: "Close",
  which: "Scores to compare",
  figure: "for the whole network",
  passes: (passes: string) => (passes === "1" ? "1 pass" : `${passes} passes`),
  free: "no passes",
  cost: (n: number, passes: string, flops: string, bytes: string) =>
    `${n} ${n === 1 ? "score" : "scores"}: ${passes === "1" ? "1 pass" : `${passes} passes`}, ${flops} GFLOP, at most ${bytes} at once`,
  score: "Score side by side",
  progress: (title: string, done: number, total: number, place: number, of: number) => `${title}: ${done} of ${total} passes (${place} of ${of})`,
  inUse: "in use",
  use: (title: string) => `Allocate by ${title}`,
  took: (time: string) => `took ${time}`,
  tied: "All the same: chance decides. This is the control.",
  best: (k: number) => `Outlined: the best ${k}, as the budget pays for.`,
  measures: { correlation: "rank correlation", overlap: "best in common" },
  measure: "What the table shows",
  caption: {
    correlation: "Rank correlation (Spearman): 1 the same order, 0 none, −1 the reverse.",
    overlap: (k: number) => `Share of the best ${k} that two scores have in common.`,
  },
  chance: {
    correlation: (n: number, bound: string) => `Chance: 19 of 20 pairs of random orders of ${n} modules lie within ±${bound}.`,
    overlap: (k: number, n: number, share: string) => `Chance: the best ${k} of ${n} in two random orders share ${share} on average.`,
  },
  noOrder: "all its scores are the same: no order",
  pair: (a: string, b: string, value: string) => `${a} and ${b}: ${value}`,
  map: (title: string) => `Places by ${title}`,
  ranksNothing: (title: string) => `${title}, a figure for the whole network: it ranks nothing`,
};

export const undo = {
  button: (what: string) => `Undo: ${what}`,
  again: (what: string) => `Redo: ${what}`,
  rank: (r: number, places: number) => (places === 1 ? `rank ${r} at one place` : `rank ${r} at ${places} places`),
  ranks: "ranks taken over",
  marks: "marks of places",
  all: "all reset",
  file: (name: string) => `settings of ${name}`,
  address: "settings of the link",
  smaller: "what fits",
  budget: "the budget of the lesson",
};
