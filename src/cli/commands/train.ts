// train.ts — trains what a configuration says and writes the run's folder, also when it was stopped or failed.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../../data/error.ts";
import type { TrainEvent } from "../../protocol.ts";
import { runFiles } from "../../session/export.ts";
import { allocated, start } from "../../session/start.ts";
import { Control } from "../../train/control.ts";
import { estimate } from "../../train/estimate.ts";
import { WASM_ROOM, doesNotFit } from "../../train/fit.ts";
import { parameterCounts } from "../../train/subject.ts";
import { train as trainRun } from "../../train/trainer.ts";
import type { Command } from "../command.ts";
import { backendOption, makeFolder, openBackend, openRun, readConfig } from "../place.ts";
import { Progress } from "../progress.ts";

export const train: Command = {
  name: "train",
  takes: "CONFIG.json",
  summary: "train, and write the adapter (PEFT), events, tables and configuration to DIR",
  details: [
    "Fields that CONFIG.json leaves out are those of examples/first-run.json. file: sources are looked for from the current directory, then beside CONFIG.json.",
    "Ctrl-C stops after the current step, writes DIR and exits 0 (again: at once, exit 130). A run whose loss is not finite writes its last finite state and exits 1.",
    "seconds is the wall time of training with its evaluations; tokens_per_second counts the steps alone.",
  ].join("\n"),
  options: {
    out: { value: "DIR", help: "folder of the run; must be new or empty" },
    overwrite: { help: "write into DIR although it is not empty" },
    backend: backendOption,
  },
  async run(args) {
    const file = args.only();
    const out = args.needed("out");
    const config = await readConfig(file, args);
    await makeFolder(out, args.flag("overwrite"));
    const loaded = await openRun(config, file);
    const { backend, most } = await openBackend(config.backend);
    const problem = doesNotFit(estimate(loaded.target, config, backend.name), { piece: most, total: backend.name === "wasm" ? WASM_ROOM : Infinity });
    if (problem) throw new DataError(`${file}, ${problem.where}`, problem.what, problem.hint);

    const events: TrainEvent[] = [];
    const progress = new Progress(config.train.steps);
    const emit = (e: TrainEvent): void => {
      if (e.type !== "progress") events.push(e);
      progress.show(e);
    };
    const started = await start(config, loaded, backend, emit);
    const control = new Control(config.train.learning_rate);
    const onInterrupt = (): void => {
      if (control.stopped()) process.exit(130);
      progress.line("stopping …");
      control.stop();
    };
    process.on("SIGINT", onInterrupt);
    const began = performance.now();
    const run = await allocated(started, config, loaded, emit, control.stopped);
    const kept = await trainRun(run, loaded.rows, config, control, emit);
    const seconds = (performance.now() - began) / 1000;
    progress.end();
    for (const [name, content] of Object.entries(await runFiles(run, loaded, config, events))) {
      await mkdir(dirname(join(out, name)), { recursive: true });
      await writeFile(join(out, name), content);
    }
    process.off("SIGINT", onInterrupt);
    console.error(`written to ${out}`);

    const steps = events.filter((e) => e.type === "step");
    const evaluations = events.filter((e) => e.type === "evaluation");
    const [base, last] = [evaluations.find((e) => e.step === 0), evaluations.findLast((e) => e.step > 0)];
    const tokens = steps.reduce((sum, e) => sum + e.tokens, 0);
    return {
      code: events.some((e) => e.type === "state" && e.state === "failed") ? 1 : 0,
      result: {
        steps: kept.step,
        loss: steps.findLast((e) => e.step <= kept.step)?.loss ?? null,
        eval_loss: last?.loss ?? null,
        base_eval_loss: base?.loss ?? null,
        metric: last?.metric ?? null,
        base_metric: base?.metric ?? null,
        trainable: parameterCounts(run.target, run.off).trainable,
        seconds,
        tokens_per_second: steps.length ? tokens / (steps.at(-1)!.time / 1000) : 0,
        backend: backend.name,
      },
    };
  },
};
