// strings-setup.ts — what the page says of the form as a whole: settings as a file, forms to begin with; part of strings.ts.

export const settings = {
  save: "Save settings",
  saveHelp: "as a JSON file: this page opens it, and so does the command train",
  open: "Open settings…",
  openHelp: "a file of saved settings, or the zip of a run; or drop the file anywhere on the page",
  none: (name: string) => `${name} holds no settings.`,
  noneHint: "A file of settings is what “Save settings” writes, or the zip of a run. Rows to train on are opened beside Data.",
  presets: "You could begin with…",
};
