// run-zip.ts — kept runs as a zip, and back. Of each run run.json, config.json, events.jsonl, metrics.csv and checkpoints/, several runs in a folder each:
// the folder that the command line trains in, zipped, is one too.

import { FormatError } from "../formats/error.ts";
import { bytesSource } from "../formats/safetensors.ts";
import { parseJsonObject } from "../formats/source.ts";
import { readZip, zipFolder } from "../formats/zip.ts";
import type { TrainEvent } from "../protocol.ts";
import type { RunRecord } from "../protocol/runs.ts";
import { readCheckpoint } from "../train/checkpoint.ts";
import { metricsCsv } from "./export.ts";
import { readEvents } from "./read-events.ts";
import { newRecord, readRecord, summaryOf } from "./records.ts";
import type { Which } from "./shelf.ts";

export interface RunParts {
  record: RunRecord;
  events: TrainEvent[];
  states: Partial<Record<Which, Uint8Array<ArrayBuffer>>>;
}

const LIMITS = { files: 10_000, bytes: 2 ** 31 };

/** Throws FormatError above 4 GiB. */
export function zipRuns(runs: readonly RunParts[]): Uint8Array<ArrayBuffer> {
  const files: Record<string, Uint8Array | string> = {};
  for (const run of runs) {
    const folder = runs.length === 1 ? "" : `${plainName(run.record.name)}-${run.record.id.slice(0, 8)}/`;
    files[`${folder}run.json`] = `${JSON.stringify(run.record, null, 2)}\n`;
    files[`${folder}config.json`] = `${JSON.stringify(run.record.config, null, 2)}\n`;
    files[`${folder}events.jsonl`] = run.events.map((e) => `${JSON.stringify(e)}\n`).join("");
    files[`${folder}metrics.csv`] = metricsCsv(run.events);
    for (const [which, bytes] of Object.entries(run.states)) files[`${folder}checkpoints/${which}.safetensors`] = bytes;
  }
  return zipFolder(files);
}

export const plainName = (name: string): string => name.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "run"; // prettier-ignore

/** What is in a zip, run by run; a run that cannot be read is an error of its own. Throws FormatError: no zip, or no run in it. */
export async function unzipRuns(bytes: Uint8Array, file: string): Promise<(RunParts | FormatError)[]> {
  const files = readZip(bytes, LIMITS, file);
  const folders = new Set([...files.keys()].filter((path) => /^([^/]+\/)?events\.jsonl$/.test(path)).map((path) => path.slice(0, -"events.jsonl".length)));
  if (!folders.size) throw new FormatError(file, "holds no run (no events.jsonl)", "Take a zip that Export has made");
  return Promise.all(
    [...folders].map((folder) =>
      readRun(files, folder, folder ? `${file}, ${folder.slice(0, -1)}` : file).catch((e: unknown) => {
        if (e instanceof FormatError) return e;
        throw e;
      }),
    ),
  );
}

async function readRun(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>, folder: string, where: string): Promise<RunParts> {
  const events = readEvents(files.get(`${folder}events.jsonl`)!, `${where}, events.jsonl`);
  const states: RunParts["states"] = {};
  const kept: Partial<Pick<RunRecord, Which>> = {};
  const record = recordOf(files, folder, where);
  for (const which of ["last", "best"] as const) {
    const bytes = files.get(`${folder}checkpoints/${which}.safetensors`);
    if (!bytes) continue;
    const { step, loop, events: needed } = await readCheckpoint(bytesSource(bytes), `${where}, checkpoints/${which}.safetensors`);
    if (needed > events.length)
      throw new FormatError(`${where}, events.jsonl`, `has ${events.length} events, ${which}.safetensors follows ${needed}`, "Export the run again");
    states[which] = bytes;
    if (which === "last") kept.last = { step, bytes: bytes.length };
    else if (loop.best) kept.best = { ...loop.best, step, bytes: bytes.length };
  }
  const summary = summaryOf(events);
  return { record: { ...record, last: null, best: null, ...kept, ...summary }, events, states };
}

/** run.json where there is one: a folder of an older export has its settings only. */
function recordOf(files: ReadonlyMap<string, Uint8Array>, folder: string, where: string): RunRecord {
  const json = (name: string): Record<string, unknown> | null => {
    const bytes = files.get(folder + name);
    return bytes ? parseJsonObject(bytes, `${where}, ${name}`) : null;
  };
  const name = folder.slice(0, -1) || "imported run";
  const given = json("run.json") ?? { ...newRecord("imported", name, json("config.json") as never) };
  const read = readRecord(given);
  if (!read) throw new FormatError(`${where}, run.json`, "is no record of a run", "Export the run again");
  return read.record;
}
