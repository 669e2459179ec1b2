// export.ts — what a run trained, in the form that other programs take; a training step as files that run elsewhere.

import { existsSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isShortcut } from "../../adapters/shortcut.ts";
import { DataError } from "../../data/error.ts";
import { SHORTCUTS_FILE } from "../../formats/shortcuts.ts";
import { onnxTrainingFiles } from "../../session/export-onnx.ts";
import type { Files } from "../../session/export-weights.ts";
import type { Args, Command, Outcome } from "../command.ts";
import { exportMerged } from "../merged.ts";
import { backendOption, makeFolder, openAdapter, openRun, openTrained, readConfig } from "../place.ts";

const formats: Readonly<Record<string, (from: string, out: string, args: Args) => Promise<Outcome>>> = {
  "onnx-training": exportOnnx,
  peft: exportPeft,
  merged: async (run, out, args) => {
    const files = await exportMerged(run, args);
    await makeFolder(out, args.flag("overwrite"));
    return { result: { format: "merged", ...(await writeFiles(files, out)) } };
  },
};

export const exportCommand: Command = {
  name: "export",
  takes: "CONFIG.json|RUN",
  summary: "a run's PEFT adapter by itself, or merged into its model; the training step as ONNX models",
  details: [
    "--format onnx-training: micro.onnx (forward and backward), update.onnx (clipping, AdamW), state.safetensors (every value they start from), the first batches,",
    "manifest.json (what each input and output is) and run.py, which trains with them in ONNX Runtime. Takes CONFIG.json.",
    "--format peft: the adapter of RUN, a folder that train wrote, as PEFT loads it. PEFT cannot hold shortcuts: where RUN has some, they are lost, which",
    "--without-shortcuts says you know.",
    "--format merged: the model of RUN with its adapter merged into the weights (f32), a folder that from_pretrained opens. Shortcuts cannot be merged.",
  ].join("\n"),
  options: {
    format: { value: "FORMAT", help: "peft, merged or onnx-training" },
    out: { value: "DIR", help: "a new or empty folder" },
    overwrite: { help: "write into DIR although it is not empty" },
    "without-shortcuts": { help: "with --format peft: leave the run's shortcuts out" },
    backend: backendOption,
  },
  async run(args) {
    const file = args.only();
    const format = args.needed("format");
    if (!Object.hasOwn(formats, format)) throw new DataError("--format", `"${format}" is no format`, `Known: ${Object.keys(formats).join(", ")}`);
    return formats[format](file, args.needed("out"), args);
  },
};

async function exportOnnx(file: string, out: string, args: Args): Promise<Outcome> {
  const config = await readConfig(file, args);
  const loaded = await openRun(config, file);
  if (loaded.base.classes) throw new DataError(`${file}, model.task`, "is classification", "onnx-training takes causal-lm so far");
  await makeFolder(out, args.flag("overwrite"));
  return { result: { format: "onnx-training", ...(await writeFiles(await onnxTrainingFiles(config, loaded), out)) } };
}

async function writeFiles(files: Files, out: string): Promise<{ files: string[]; bytes: number }> {
  let bytes = 0;
  for (const [name, data] of Object.entries(files)) {
    await mkdir(dirname(join(out, name)), { recursive: true });
    await writeFile(join(out, name), data);
    bytes += typeof data === "string" ? Buffer.byteLength(data) : data.length;
  }
  return { files: Object.keys(files), bytes };
}

/** A run's adapter by itself; with shortcuts only where the person says that they may be lost. */
async function exportPeft(run: string, out: string, args: Args): Promise<Outcome> {
  const adapter = join(run, "adapter");
  let names = ["adapter_config.json", "adapter_model.safetensors", "README.md"];
  let lost = 0;
  if (existsSync(join(run, SHORTCUTS_FILE))) {
    const { modules, form } = await openTrained(run);
    lost = [...modules.keys()].filter(isShortcut).length;
    const what = `${lost} trained shortcuts${form === "norm" ? " and the norms behind them" : ""}, which PEFT cannot hold`;
    if (lost === modules.size) throw new DataError(run, `has no adapter, only ${what}`, "Take the run's folder as it is, with load_shortcuts.py");
    if (!args.flag("without-shortcuts"))
      throw new DataError(
        run,
        `has ${what}`,
        "Take the run's folder as it is, with load_shortcuts.py; or add --without-shortcuts, which makes it another model",
      );
    console.error(`${run}: ${what}, are left out: this is another model than the one that was trained`);
    names = names.slice(0, 2); // the card is that of the whole
  } else if (existsSync(adapter)) await openAdapter(adapter);
  else throw new DataError(run, "is no folder of a run that has an adapter", "Name a folder that train --out wrote");
  await makeFolder(out, args.flag("overwrite"));
  for (const name of names) await copyFile(join(adapter, name), join(out, name));
  return { result: { format: "peft", files: names, shortcuts_left_out: lost } };
}
