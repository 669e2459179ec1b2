// export.ts — a training step as files that other programs run.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../../data/error.ts";
import { onnxTrainingFiles } from "../../session/export-onnx.ts";
import type { Command } from "../command.ts";
import { makeFolder, openRun, readConfig } from "../place.ts";

export const exportCommand: Command = {
  name: "export",
  takes: "CONFIG.json",
  summary: "the training step as ONNX models",
  details: [
    "--format onnx-training: micro.onnx (forward and backward), update.onnx (clipping, AdamW), state.safetensors (every value they start from), the first batches,",
    "manifest.json (what each input and output is) and run.py, which trains with them in ONNX Runtime. An adapter is exported by train.",
  ].join("\n"),
  options: {
    format: { value: "FORMAT", help: "onnx-training" },
    out: { value: "DIR", help: "a new or empty folder" },
    overwrite: { help: "write into DIR although it is not empty" },
  },
  async run(args) {
    const file = args.only();
    const format = args.needed("format");
    if (format !== "onnx-training") throw new DataError("--format", `"${format}" is no format`, "Known: onnx-training. An adapter is written by train --out");
    const out = args.needed("out");
    const config = await readConfig(file, args);
    const loaded = await openRun(config, file);
    if (loaded.base.classes) throw new DataError(`${file}, model.task`, "is classification", "onnx-training takes causal-lm so far");
    await makeFolder(out, args.flag("overwrite"));
    const files = await onnxTrainingFiles(config, loaded);
    let bytes = 0;
    for (const [name, data] of Object.entries(files)) {
      await mkdir(dirname(join(out, name)), { recursive: true });
      await writeFile(join(out, name), data);
      bytes += typeof data === "string" ? Buffer.byteLength(data) : data.length;
    }
    return { result: { format, files: Object.keys(files), bytes } };
  },
};
