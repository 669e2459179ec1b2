// train.ts — trains what a configuration says and writes the run's folder, also when it was stopped or failed; goes on with one that was cut off.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../../data/error.ts";
import type { Backend } from "../../engine/backend.ts";
import type { RunConfig, TrainEvent } from "../../protocol.ts";
import { trainedFurther } from "../../session/adapter-in.ts";
import { runFiles } from "../../session/export.ts";
import type { Keeper } from "../../session/keeper.ts";
import { begun, reopened, resumable, takenUp } from "../../session/start.ts";
import { Control } from "../../train/control.ts";
import { estimate } from "../../train/estimate.ts";
import { WASM_ROOM, doesNotFit } from "../../train/fit.ts";
import { parameterCounts } from "../../train/subject.ts";
import type { StoredCheckpoint } from "../../train/checkpoint.ts";
import { checkRows } from "../../train/rows.ts";
import { train as trainRun } from "../../train/trainer.ts";
import type { Args, Command } from "../command.ts";
import { backendName, backendOption, dataOption, makeFolder, openBackend, openRun, openTrained, readConfig, within } from "../place.ts";
import { Progress } from "../progress.ts";
import { type MakeFolder, newFolder, oldFolder } from "../run-folder.ts";

export const train: Command = {
  name: "train",
  takes: "CONFIG.json",
  summary: "train, and write the adapter (PEFT), checkpoints, events, tables and configuration to DIR",
  details: [
    "Fields that CONFIG.json leaves out are those of examples/first-run.json. file: sources are looked for from the current directory, then beside CONFIG.json.",
    "Ctrl-C stops after the current step, writes DIR and exits 0 (again: at once, exit 130). A run whose loss is not finite writes its last finite state and exits 1.",
    "DIR/checkpoints holds the last and the best state, written every train.checkpoint_seconds and at the end. train --resume DIR goes on from the last one, as if it had never stopped",
    "(bit for bit on the same backend); --steps N makes the run N steps long: the learning rate then follows the schedule of the longer run.",
    "--from DIR begins as a PEFT adapter, or as all that a run with shortcuts trained: its modules, ranks and alphas take the place of those in CONFIG.json; moments",
    "and steps begin anew.",
    "seconds is the wall time of training with its evaluations; tokens_per_second counts the steps alone.",
  ].join("\n"),
  options: {
    out: { value: "DIR", help: "folder of the run; must be new or empty" },
    data: dataOption,
    overwrite: { help: "write into DIR although it is not empty; an earlier run in it goes" },
    from: { value: "DIR", help: "train this PEFT adapter, or the run with shortcuts in this folder, further" },
    resume: { value: "DIR", help: "go on with the run in DIR; takes no CONFIG.json and no --out" },
    steps: { value: "N", help: "with --resume: train up to step N" },
    backend: backendOption,
  },
  async run(args) {
    let progress = new Progress(0);
    const emit = (e: TrainEvent): void => {
      keeper?.add(e);
      progress.show(e);
    };
    let keeper: Keeper | null = null;
    const { file, out, config: given, stored, from: adapter, make } = await place(args, emit);
    progress = new Progress(given.train.steps);

    const opened = await openRun(given, file);
    const trained = adapter === undefined ? null : await openTrained(adapter, "--from");
    const { config, loaded } = trained ? await within(adapter!, () => trainedFurther(given, opened, trained)) : { config: given, loaded: opened };
    if (stored) checkRows(loaded.rows, stored);
    const { backend, most } = await openBackend(config.backend);
    const problem = doesNotFit(estimate(loaded.target, config, backend.name), { piece: most, total: backend.name === "wasm" ? WASM_ROOM : Infinity });
    if (problem) throw new DataError(`${file}, ${problem.where}`, problem.what, problem.hint);

    const made = (keeper = await make(config));
    const control = new Control(config.train.learning_rate);
    const onInterrupt = (): void => {
      if (control.stopped()) process.exit(130);
      progress.line("stopping …");
      control.stop();
    };
    process.on("SIGINT", onInterrupt);
    const began = performance.now();
    // Another than the one that is open: where WebGPU does not start.
    const here = async ({ backend: name }: RunConfig): Promise<Backend> => (name === config.backend ? backend : (await openBackend(name)).backend);
    const { run, from } = stored
      ? await reopened(config, loaded, resumable(loaded, stored), here, emit)
      : { run: await begun(config, loaded, here, emit, control.stopped, trained ?? undefined), from: undefined };
    if (trained) emit({ type: "note", step: 0, text: `The run begins as the adapter ${adapter}: what counts as the base is the model without it.` });
    const kept = await trainRun(run, loaded.rows, config, control, emit, {
      ...takenUp(from, made.log, trained !== null),
      keep: (checkpoint, urgent) => made.keep(checkpoint, run, urgent),
    });
    const seconds = (performance.now() - began) / 1000;
    progress.end();
    await made.close();
    const events = made.log;
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

interface Place {
  /** What errors about the configuration name. */
  file: string;
  out: string;
  config: RunConfig;
  /** What it goes on from; null: it begins. */
  stored: StoredCheckpoint | null;
  /** The adapter it begins as. */
  from?: string;
  /** Nothing is written before. */
  make: (config: RunConfig) => ReturnType<MakeFolder>;
}

async function place(args: Args, tell: (e: TrainEvent) => void): Promise<Place> {
  const resume = args.text("resume");
  if (resume === undefined) {
    if (args.text("steps") !== undefined) throw new DataError("--steps", "goes with --resume", "Set train.steps in CONFIG.json");
    const file = args.only();
    const out = args.needed("out");
    const config = await readConfig(file, args);
    await makeFolder(out, args.flag("overwrite"));
    return { file, out, config, stored: null, from: args.text("from"), make: (config) => newFolder(out, config, tell) };
  }
  if (args.text("from") !== undefined) throw new DataError("--from", "does not go with --resume", "A run goes on as itself; --from begins a new one");
  if (args.positionals.length || args.text("out") !== undefined)
    throw new DataError("--resume", "takes neither CONFIG.json nor --out", "The run in DIR has a configuration, and is written there");
  const backend = backendName(args);
  const change = (config: RunConfig, at: number): RunConfig => {
    const steps = args.number("steps", config.train.steps, { min: Math.max(1, at), max: 1e7, whole: true });
    return { ...config, train: { ...config.train, steps }, backend: backend ?? config.backend };
  };
  const { config, stored, open } = await oldFolder(resume, change, tell);
  return { file: join(resume, "run.json"), out: resume, config, stored, make: open };
}
