// evaluate.ts — loss and exact match (of a classifier its metrics) on the held-out rows, of the base or of an adapter; the first batch's logits for comparison with other tools.

import { writeFile } from "node:fs/promises";
import { makeBatch } from "../../data/batch.ts";
import { makeClassificationBatch } from "../../data/classification.ts";
import { DataError } from "../../data/error.ts";
import { writeSafetensors } from "../../formats/safetensors.ts";
import { evaluateLabels } from "../../train/classify.ts";
import { evaluate as evaluateRun, readLogits, writeBatch } from "../../train/evaluate.ts";
import type { Command } from "../command.ts";
import { adapterOption, backendOption, dataOption, openBackend, openRun, readConfig } from "../place.ts";
import { metricText } from "../progress.ts";
import { openSubject } from "../subject.ts";

export const evaluate: Command = {
  name: "evaluate",
  takes: "CONFIG.json",
  summary: "loss and exact match, or a classifier's metrics, on the held-out rows",
  details: "The first train.eval_rows held-out rows, as in training, so that the figures are those of a run's last evaluation.",
  options: {
    data: dataOption,
    adapter: adapterOption,
    write: { value: "FILE.safetensors", help: "input_ids, attention_mask (B, T) and logits (B, T, V) or (B, classes) of the first held-out batch" },
    rows: { value: "N", help: "so many held-out rows; default: train.eval_rows" },
    backend: backendOption,
  },
  async run(args) {
    const file = args.only();
    const config = await readConfig(file, args);
    const asked = args.number("rows", config.train.eval_rows, { min: 1, max: 1e9, whole: true });
    const loaded = await openRun(config, file);
    const { rows } = loaded;
    if (!rows.heldOut.length) throw new DataError(`${file}, data.eval_share`, "no rows are held out", "Raise it, or give more rows");
    const { batch_size: batchSize } = config.train;
    const { max_length: maxLength } = config.data;
    const { backend } = await openBackend(config.backend);
    const run = await openSubject(loaded, args.text("adapter"), backend, batchSize * maxLength);

    const write = args.text("write");
    if (write !== undefined) {
      const batch = rows.metrics
        ? makeClassificationBatch(rows.heldOut.slice(0, batchSize), { maxLength, regression: rows.classes === null })
        : makeBatch(rows.heldOut.slice(0, batchSize), { maxLength });
      const { B, T } = batch;
      const shape = rows.metrics ? [B, loaded.base.classes!] : [B, T, loaded.base.config.vocabSize];
      writeBatch(run, batch);
      const logits = await readLogits(run, B, T);
      const bytes = writeSafetensors([
        { name: "input_ids", shape: [B, T], data: batch.inputIds },
        { name: "attention_mask", shape: [B, T], data: batch.attentionMask },
        ...("typeIds" in batch ? [{ name: "token_type_ids", shape: [B, T], data: batch.typeIds }] : []),
        { name: "logits", shape, data: logits },
      ]);
      await writeFile(write, bytes).catch((cause: Error) => {
        throw new DataError(`--write ${write}`, `cannot be written (${cause.message})`, "Name a file in a folder that exists");
      });
      console.error(`logits (${shape.join(", ")}) written to ${write}`);
    }
    const result = (
      rows.metrics
        ? await evaluateLabels(run, rows.heldOut.slice(0, asked), batchSize, maxLength, rows.metrics)
        : await evaluateRun(run, rows.heldOut.slice(0, asked), batchSize, maxLength)
    )!;
    console.error(`loss ${result.loss.toFixed(4)}, ${metricText(result)} of ${result.rows} rows`);
    return { result: { ...result, backend: backend.name } };
  },
};
