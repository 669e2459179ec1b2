// strings-charts.ts — texts of the curves, and of charts as files.

export const curves = {
  over: "Horizontal axis",
  overs: { step: "steps", time: "time", tokens: "tokens" },
  axis: { step: "step", time: "after", tokens: "tokens" },
  part: "Part of the curve",
  nearer: "Nearer (or draw across the chart)",
  further: "Further away",
  earlier: "Earlier steps",
  later: "Later steps",
  all: "all",
  allOfIt: "The whole curve (or click it twice)",
  follow: "follow",
  smoothing: "Smoothing",
  log: "log scale",
  clip: "cut spikes",
  clipHelp: "Single values far above the others do not flatten the curve.",
  clipped: (n: number, top: string) => `${n} ${n === 1 ? "value lies" : "values lie"} above ${top}, beyond the chart.`,
};

export const charts = {
  save: (what: string) => `Save ${what}`,
  as: (what: string, format: string) => `${what} as ${format}`,
  failed: "The picture could not be made",
  names: {
    loss: "loss",
    runs: "losses",
    ranks: "ranks",
    difference: "difference",
    map: "map",
    scores: "scores",
    agreement: "agreement",
    lengths: "lengths",
    comparison: "comparison",
    history: "history",
  },
};
