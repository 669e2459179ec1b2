// start.ts — a run on a device, its plans compiled and announced: how the page's session and the command line both begin one.

import { BUCKET } from "../data/batch.ts";
import type { Backend } from "../engine/backend.ts";
import type { Trained } from "../formats/shortcuts.ts";
import type { RunConfig, TrainEvent } from "../protocol.ts";
import { allocateOnce } from "../train/allocation.ts";
import { type Checkpoint, type StoredCheckpoint, checkpointOf } from "../train/checkpoint.ts";
import { estimate } from "../train/estimate.ts";
import { Run, type RunOptions } from "../train/run.ts";
import { type Target, parameterCounts, siteInfos, withStoredRanks } from "../train/subject.ts";
import type { TrainOptions } from "../train/trainer.ts";
import type { Loaded } from "./load.ts";
import { isBadInput } from "./problem.ts";

/** T of the longest batch: the longest training row, padded to its bucket. */
export const longestBatch = (config: RunConfig, train: readonly { ids: readonly number[] }[]): number =>
  Math.min(config.data.max_length, Math.ceil(train.reduce((n, e) => Math.max(n, e.ids.length), 0) / BUCKET) * BUCKET);

async function compiled(
  config: RunConfig,
  loaded: Loaded,
  emit: (e: TrainEvent) => void,
  o: Pick<RunOptions, "backend" | "target" | "weightsOf">,
): Promise<Run> {
  const { batch_size: B, weight_decay: weightDecay, seed } = config.train;
  const progress =
    (phase: string, unit: string) =>
    (done: number, total: number): void =>
      emit({ type: "progress", phase, done, total, unit });
  const run = await Run.create({
    ...o,
    checkpoint: loaded.checkpoint,
    maxTokens: B * config.data.max_length,
    weightDecay,
    seed,
    onWeights: progress("weights", "bytes"),
    onPipelines: progress("pipelines", "pipelines"),
  });
  await run.plans.micro(B, longestBatch(config, loaded.data.train));
  await run.plans.update();
  return run;
}

/** Uploads the weights, compiles micro-step and update. Emits progress of both, then the plan. */
export async function start(config: RunConfig, loaded: Loaded, backend: Backend, emit: (e: TrainEvent) => void): Promise<Run> {
  const run = await compiled(config, loaded, emit, { backend, target: loaded.target });
  const { dispatches, memory } = estimate(loaded.target, config, backend.name);
  emit({
    type: "plan",
    backend: backend.name,
    adapterName: backend.adapter,
    dispatches,
    pipelines: backend.pipelines,
    ...parameterCounts(loaded.target),
    memory,
    sites: siteInfos(loaded.target),
  });
  if (loaded.newHead) {
    const { classes } = loaded.base;
    const what = classes === 1 ? "head for values" : `classifier for ${classes} classes`;
    emit({ type: "note", step: 0, text: `The base has no ${what}: this one starts at random, so what the base says of a row is chance.` });
  }
  return run;
}

/** Decides an allocation that is made once, before training: then it is another run, with other ranks, that is trained. */
export const allocated = (run: Run, config: RunConfig, loaded: Loaded, emit: (e: TrainEvent) => void, cancelled: () => boolean): Promise<Run> =>
  allocateOnce(
    run,
    (target) => {
      run.destroyAllButWeights();
      return compiled(config, loaded, emit, { backend: run.backend, target, weightsOf: run });
    },
    { data: loaded.rows, config, emit, cancelled },
  );

/**
 * Opens a backend and starts on it. Where the choice was left to us and WebGPU does not start (no device, a kernel that does not compile, an
 * allocation that fails), the run starts anew on wasm, and a note says so.
 */
async function startSomewhere(config: RunConfig, loaded: Loaded, open: (config: RunConfig) => Promise<Backend>, emit: (e: TrainEvent) => void): Promise<Run> {
  let backend: Backend | null = null;
  try {
    backend = await open(config);
    return await start(config, loaded, backend, emit);
  } catch (e) {
    const webgpu = !backend || backend.name === "webgpu";
    backend?.destroy();
    if (config.backend !== "auto" || !webgpu || isBadInput(e)) throw e;
    emit({ type: "note", step: 0, text: `WebGPU did not start (${(e as Error).message}). The run computes in WebAssembly instead.` });
    return startSomewhere({ ...config, backend: "wasm" }, loaded, open, emit);
  }
}

/**
 * A run ready to train: started, with its allocation where that is made once, and with an adapter's values where it begins as one (trained; the target is
 * that adapter's). What goes wrong leaves no backend behind.
 */
export async function begun(
  config: RunConfig,
  loaded: Loaded,
  open: (config: RunConfig) => Promise<Backend>,
  emit: (e: TrainEvent) => void,
  cancelled: () => boolean,
  trained?: Trained,
): Promise<Run> {
  const started = await startSomewhere(config, loaded, open, emit);
  try {
    const run = await allocated(started, config, loaded, emit, cancelled);
    if (trained) run.load(trained);
    return run;
  } catch (e) {
    started.backend.destroy();
    throw e;
  }
}

/** A state and what it is a state of. */
export interface Resumable {
  target: Target;
  /** For a run of this target. */
  checkpoint: (run: Run) => Checkpoint;
}

/** With the ranks it had. Throws ConfigError: of another model; `checkpoint` throws FormatError. */
export const resumable = (loaded: Loaded, stored: StoredCheckpoint): Resumable => ({
  target: withStoredRanks(loaded.target, stored.ranks),
  checkpoint: (run) => checkpointOf(stored, run, "checkpoint"),
});

/** A run that goes on, on a device, with the map as it was. The state itself is taken on by whoever goes on. Throws FormatError. */
export async function reopened(
  config: RunConfig,
  loaded: Loaded,
  { target, checkpoint }: Resumable,
  open: (config: RunConfig) => Promise<Backend>,
  emit: (e: TrainEvent) => void,
): Promise<{ run: Run; from: Checkpoint }> {
  const run = await startSomewhere(config, { ...loaded, target, newHead: false }, open, emit);
  try {
    const from = checkpoint(run);
    emit({ type: "ranks", step: from.step, sites: siteInfos(target, run.offIn(from.state)) });
    return { run, from };
  } catch (e) {
    run.backend.destroy();
    throw e;
  }
}

/** How the trainer takes a run up. log: what happened before; given: it begins as an adapter, which is lost where nothing was kept of it. */
export const takenUp = (from: Checkpoint | undefined, log: readonly TrainEvent[], given: boolean): TrainOptions => ({
  from,
  told: {
    evaluation: log.some((e) => e.type === "evaluation" && e.step === from?.step),
    samples: log.some((e) => e.type === "sample" && e.which === "tuned" && e.step === from?.step),
  },
  base: !from || (from.step === 0 && !log.some((e) => e.type === "evaluation")),
  keepStart: given && !from,
});
