// bench.ts — `npm run bench` in Node: kernels and steps on each backend. The table goes to stdout, progress to stderr.

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { benchScores } from "../bench/scores.ts";
import { report } from "../bench/report.ts";
import { suite } from "../bench/suite.ts";
import type { Backend } from "../engine/backend.ts";
import { wasmBackend } from "../engine/wasm/backend.ts";
import type { BenchmarkRow } from "../protocol.ts";
import { benchSteps } from "../session/bench.ts";
import { diskData, diskFolder } from "../session/disk.ts";
import { start } from "../session/start.ts";
import { firstAllocation, firstRun } from "../train/config.ts";
import { calibrationBatches } from "../train/score.ts";
import { openBackend, openRun } from "./place.ts";

const models = join(import.meta.dirname, "../../public/models");

const backends: Record<string, () => Promise<Backend>> = {
  webgpu: async () => (await openBackend("webgpu")).backend,
  wasm: () => wasmBackend({ threads: Math.min(4, availableParallelism()) }),
};

export interface BenchOptions {
  /** Names of backends; none: each that is there. */
  names: readonly string[];
  quick: boolean;
  kernels: boolean;
  /** What a scoring costs beside training, and nothing else. */
  scores: boolean;
  /** Rows as JSON instead of a table. */
  json: boolean;
}

/** Throws Error where a backend that was named is not there, or computes wrong losses. */
export async function bench({ names, quick, kernels, scores, json }: BenchOptions): Promise<void> {
  const cases = await benchSteps({
    bundled: (name) => diskFolder(join(models, name), `bundled:${name}`),
    disk: (path) => diskFolder(path),
    dataFile: diskData,
  });
  const all: BenchmarkRow[] = [];
  for (const name of names.length ? names : Object.keys(backends)) {
    let backend: Backend;
    try {
      backend = await backends[name]();
    } catch (e) {
      if (names.length) throw e;
      console.error(`${name} left out: ${(e as Error).message}`);
      continue;
    }
    console.error(`${name}: ${backend.adapter}`);
    let rows: BenchmarkRow[] = [];
    if (scores) rows = await scored(backend, quick);
    else
      for await (const progress of suite(backend, cases, { quick, kernels })) {
        process.stderr.write(`\r${name}: ${progress.done} of ${progress.total} `);
        rows = progress.rows;
      }
    process.stderr.write("\n");
    backend.destroy();
    all.push(...rows.map((r) => ({ ...r, group: r.group.replace(name, `${name} (${backend.adapter})`) })));
  }
  process.stdout.write(`${json ? JSON.stringify(all) : report(all)}\n`);
}

/** On the first run's model, data and batches. */
async function scored(backend: Backend, quick: boolean): Promise<BenchmarkRow[]> {
  const loaded = await openRun(firstRun, "first run");
  const run = await start(firstRun, loaded, backend, () => {});
  const batches = calibrationBatches(loaded.rows, firstRun, quick ? 8 : firstAllocation.batches);
  const rows = await benchScores(run, batches, quick ? 1 : 3, () => process.stderr.write("."));
  run.destroy();
  return rows;
}
