// training.ts — a run from its first event to its last, kept as it happens: begun or gone on with, and where the device is lost, on a new one from the
// last state. Three losses in ten minutes are no accident: then it stops and offers a smaller batch.

import type { Backend } from "../engine/backend.ts";
import type { Trained } from "../formats/shortcuts.ts";
import type { RunConfig, TrainEvent } from "../protocol.ts";
import type { Control } from "../train/control.ts";
import type { Snapshot } from "../train/parameters.ts";
import type { Run } from "../train/run.ts";
import { train } from "../train/trainer.ts";
import type { Keeper } from "./keeper.ts";
import type { Loaded } from "./load.ts";
import type { Mail } from "./mail.ts";
import { smallerBatch } from "./onward.ts";
import { type Resumable, begun, reopened, takenUp } from "./start.ts";

/** A run on a device: it trains, or it has, and can be asked and exported. */
export interface Active {
  config: RunConfig;
  loaded: Loaded;
  run: Run;
  control: Control;
  events: readonly TrainEvent[];
  /** The base's values of trained weights: full fine-tuning overwrites them, the base's answers need them. */
  start: Snapshot | null;
}

export interface Training {
  config: RunConfig;
  loaded: Loaded;
  control: Control;
  keeper: Keeper;
  mail: Mail;
  /** What it goes on from; null: it begins. */
  from: Resumable | null;
  /** The adapter it begins as. */
  trained?: Trained;
  open(config: RunConfig): Promise<Backend>;
  /** The run that lies on the device from now on; null: none does, and the one before is to be let go. */
  onDevice(active: Active | null): Promise<void>;
}

const LOSSES = 3;
const LOSSES_MS = 10 * 60_000;
/** A driver that was reset is not there at once. */
const REST_MS = 500;
const TRIES = 4;
const GONE = "The run is kept: restart the browser and go on, or go on in WebAssembly.";
const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Emits everything that happens but an error that ends the run, which it throws. */
export async function trainKept({ config, loaded, control, keeper, mail, open, onDevice, ...o }: Training, onStep: (e: TrainEvent) => void): Promise<void> {
  const emit = (e: TrainEvent): void => {
    mail.post(e);
    onStep(e);
  };
  /** The newest state, and the length of the log that belongs to it. */
  let newest: { state: Resumable; step: number; events: number } | null = o.from && { state: o.from, step: 0, events: keeper.log.length };
  const losses: number[] = [];
  /** After a loss the device may take its time, or never come back. */
  const opening = async (config: RunConfig): Promise<Backend> => {
    for (let tries = 1; ; tries++) {
      try {
        return await open(config);
      } catch (e) {
        if (!losses.length || (e as Error).name !== "NoWebGpuError") throw e;
        if (tries === TRIES)
          throw Object.assign(new Error("the graphics device was lost and does not come back", { cause: e }), {
            where: "device",
            hint: GONE,
            offer: { backend: "wasm" },
          });
        await rest(REST_MS * 2 ** tries);
      }
    }
  };
  for (;;) {
    try {
      await onDevice(null);
      const { run, from } = newest
        ? await reopened(config, loaded, newest.state, opening, emit)
        : { run: await begun(config, loaded, opening, emit, control.stopped, o.trained), from: undefined };
      const start = loaded.target.ranks.size ? null : await run.parameters.snapshot();
      await onDevice({ config, loaded, run, control, events: keeper.log, start });
      await train(run, loaded.rows, config, control, emit, {
        ...takenUp(from, keeper.log, o.trained !== undefined),
        keep: async (checkpoint, urgent) => {
          newest = { state: { target: run.target, checkpoint: () => checkpoint }, step: checkpoint.step, events: keeper.log.length };
          await keeper.keep(checkpoint, run, urgent);
        },
      });
      return;
    } catch (e) {
      const lost = (e as { lost?: boolean }).lost === true;
      if (!lost || control.stopped()) throw e;
      const at = mail.lastStep;
      losses.push(performance.now());
      if (losses.filter((t) => performance.now() - t < LOSSES_MS).length >= LOSSES) throw givesUp(config, e as Error);
      keeper.cut(newest?.events ?? 0);
      mail.replay(keeper.record, keeper.log);
      const where = newest && mail.lastStep ? `from step ${newest.step || mail.lastStep}, the last state that was kept` : "from the beginning";
      emit({ type: "note", step: mail.lastStep, text: `At step ${at} ${(e as Error).message}. The run goes on ${where}.` });
      await rest(REST_MS);
    }
  }
}

function givesUp(config: RunConfig, cause: Error): Error {
  const offer = smallerBatch(config.train);
  const hint = offer
    ? `Batches of ${offer.batch_size}, ${offer.gradient_accumulation_steps} to a step, see the same rows with less memory.`
    : "Take shorter rows or a smaller model, close other tabs, or compute in WebAssembly.";
  const what = `the device was lost ${LOSSES} times within ten minutes`;
  return Object.assign(new Error(what, { cause }), { where: "device", hint, offer });
}
