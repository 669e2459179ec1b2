// strings-export.ts — the texts of the export of a run.

export const exporting = {
  button: "Export adapter (PEFT)",
  full: "Export model",
  title: "Export",
  merged: "Export merged model",
  mergedHelp: (size: string) => `Merged: the whole model with the adapter in its weights, for transformers; about ${size}.`,
  notMerged: "Shortcuts belong to no weight, so there is no merged model of this run.",
  merging: (share: string) => `Merging, ${share}`,
  cancel: "Cancel",
  cancelled: "Cancelled; nothing was saved.",
  size: (size: string) => `zip, about ${size}`,
  saved: (name: string, size: string) => `${name}, ${size}`,
  help: "A PEFT folder with config, events and tables.",
  working: "Packing…",
  shortcuts: (n: number) => `With ${n} shortcut${n === 1 ? "" : "s"} and the Python file that loads them.`,
  bare: {
    open: "PEFT adapter alone…",
    title: "Leave the shortcuts out?",
    lost: (n: number) =>
      `PEFT cannot hold shortcuts. The adapter alone lacks the ${n} that this run trained: it is another model than the one you see here, and may answer much worse.`,
    instead: "The full export has them, with load_shortcuts.py, which puts both on the transformers model.",
    go: "Export without shortcuts",
    stay: "Keep them",
  },
};

export const adapterIn = {
  open: "Use an adapter…",
  title: "Use an adapter",
  what: (model: string) => `A LoRA adapter of ${model}, from PEFT or from a run of this page: ask it, or train it further on the data chosen here.`,
  files: "adapter_config.json and adapter_model.safetensors together, or the zip of an exported run, with its shortcuts where it has some",
  hint: "Its modules, ranks and alphas take the place of those in the form, for this run only.",
  given: (names: readonly string[]) => `Given: ${names.join(", ")}`,
  busy: "Something is under way; stop it first.",
  try: "Try it",
  train: "Train it further",
};
