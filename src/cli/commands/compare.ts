// compare.ts — arms at an equal number of trained parameters over several seeds: every run that is not there yet, and what they say together.

import { dirname } from "node:path";
import { DataError } from "../../data/error.ts";
import type { Backend } from "../../engine/backend.ts";
import type { RunConfig, TrainEvent } from "../../protocol.ts";
import type { Comparison } from "../../protocol/comparison.ts";
import { checkMemory, openComparison, opener, runArm, sizeText, stands } from "../../session/compare.ts";
import { baselineOf, configOf, parseComparison, queueOf } from "../../train/compare.ts";
import { Control } from "../../train/control.ts";
import { WASM_ROOM } from "../../train/fit.ts";
import type { Args, Command } from "../command.ts";
import { CompareFolder } from "../compare-folder.ts";
import { backendName, backendOption, contextBeside, openBackend, readJson, within } from "../place.ts";
import { Progress, clock } from "../progress.ts";

export const compare: Command = {
  name: "compare",
  takes: "CONFIG.json",
  summary: "arms at an equal number of trained parameters, several seeds, and what is more than noise",
  details: [
    'CONFIG.json: { "base": configuration fields, "arms": [{ "name", "config": what differs, "reference": true? }], "seeds": [0, 1, 2, 3, 4], "test": "file:…"? }.',
    "The first arm that is no reference is what the others are measured against. With five seeds or more there are 95 % intervals (paired bootstrap over seeds and rows).",
    "DIR gets runs/ (a file per run and its events), table.md, table.csv, plot.svg, results.json, anew after every run. A run that is there is not run again, one that",
    "failed is; so the same command goes on where it was stopped, more seeds can be added, and processes with different --arm or --seed may share DIR.",
    "Ctrl-C stops after the current step; the run that was going on is lost. Exit 1 when a run failed.",
  ].join("\n"),
  options: {
    out: { value: "DIR", help: "folder of the comparison" },
    arm: { value: "NAME", help: "only runs of this arm" },
    seed: { value: "N", help: "only runs with this seed" },
    backend: backendOption,
  },
  async run(args) {
    const file = args.only();
    const out = args.needed("out");
    const comparison = await readComparison(file, args);
    const chosen = choose(comparison, args);
    const opened = await within(file, () => openComparison(comparison, opener(contextBeside(dirname(file)))));
    const { backend, most } = await openBackend(configOf(comparison, comparison.arms[0], 0).backend);
    backend.destroy();
    await within(file, () => checkMemory(opened, backend.name, { piece: most, total: backend.name === "wasm" ? WASM_ROOM : Infinity }));
    const folder = await CompareFolder.open(out, comparison, opened.sizes).catch((cause: Error) => {
      throw new DataError(`--out ${out}`, `cannot be made (${cause.message})`, "Name a folder that can be written");
    });
    for (const { name, reference } of comparison.arms)
      console.error(`${name}: ${sizeText(opened.sizes.get(name)!)} trained numbers${reference ? " (reference)" : ""}`);
    const { runs, others } = await folder.runs();
    for (const name of others) console.error(`runs/${name} is of another configuration: left out, and replaced when its arm runs`);
    const there = (arm: string, seed: number): boolean => runs.some((r) => r.arm === arm && r.seed === seed && stands(opened, r));
    const moved = runs.filter((r) => r.result && !stands(opened, r)).length;
    if (moved) console.error(`${moved} of the runs are of other rows than the data holds now: they are run anew`);
    const queue = chosen.filter(({ arm, seed }) => !there(arm.name, seed));
    console.error(`${chosen.length - queue.length} of ${chosen.length} runs are there, ${queue.length} to go`);

    const control = { now: new Control(0), stopped: false };
    const onInterrupt = (): void => {
      if (control.stopped) process.exit(130);
      control.stopped = true;
      control.now.stop();
    };
    process.on("SIGINT", onInterrupt);
    const began = performance.now();
    let [done, failed] = [0, 0];
    for (const [i, { arm, seed }] of queue.entries()) {
      const left = done ? `, about ${clock(((performance.now() - began) / 1000 / done) * (queue.length - done))} left` : "";
      console.error(`\nrun ${i + 1} of ${queue.length}: ${arm.name}, seed ${seed}${left}`);
      control.now = new Control(0);
      if (control.stopped) break;
      const events: TrainEvent[] = [];
      const progress = new Progress(configOf(comparison, arm, seed).train.steps);
      const emit = (e: TrainEvent): void => {
        if (e.type !== "progress") events.push(e);
        progress.show(e);
      };
      const fresh = async (config: RunConfig): Promise<Backend> => (await openBackend(config.backend)).backend;
      const run = await runArm(opened, arm, seed, { backend: fresh, emit, control: control.now });
      progress.end();
      if (!run) break;
      done++;
      if (run.failed) {
        failed++;
        console.error(`failed: ${run.failed.where}: ${run.failed.what}. ${run.failed.hint}`);
      }
      await folder.keep(run, events);
      await folder.report();
    }
    process.off("SIGINT", onInterrupt);
    const summary = await folder.report();
    for (const { verdict } of summary.arms) if (verdict) console.error(verdict);
    for (const note of summary.notes) console.error(note);
    console.error(`written to ${out}`);
    return {
      code: failed ? 1 : 0,
      result: {
        runs: done - failed,
        failed,
        skipped: chosen.length - queue.length,
        stopped: control.stopped,
        finished: summary.finished,
        wanted: summary.wanted,
        measure: summary.measure,
        on: summary.on,
        baseline: baselineOf(comparison).name,
        arms: summary.arms.map(({ points, ...arm }) => ({ ...arm, seeds: points.length })),
        out,
      },
    };
  },
};

/** As it is written; only the backend may be another. */
async function readComparison(file: string, args: Args): Promise<Comparison> {
  const backend = backendName(args);
  const json = await readJson(file, "comparison", "examples/compare-small.json");
  const comparison = await within(file, () => parseComparison(json));
  return backend ? { ...comparison, base: { ...comparison.base, backend } } : comparison;
}

function choose(comparison: Comparison, args: Args): ReturnType<typeof queueOf> {
  const arm = args.text("arm");
  const seed = args.text("seed") === undefined ? null : args.number("seed", 0, { min: 0, max: 2 ** 32 - 1, whole: true });
  if (arm !== undefined && !comparison.arms.some((a) => a.name === arm))
    throw new DataError("--arm", `"${arm}" is no arm`, `There is ${comparison.arms.map((a) => a.name).join(", ")}`);
  if (seed !== null && !comparison.seeds.includes(seed))
    throw new DataError("--seed", `${seed} is none of the seeds`, `There is ${comparison.seeds.join(", ")}`);
  return queueOf(comparison).filter((q) => (arm === undefined || q.arm.name === arm) && (seed === null || q.seed === seed));
}
