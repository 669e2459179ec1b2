// running.ts — the run under way, one at a time: begun, gone on with, or only brought onto the device. Whatever goes wrong is its last event.

import type { Trained } from "../formats/shortcuts.ts";
import { ConfigError } from "../models/model.ts";
import type { GivenFile, Onward, Phase, RunConfig, Session, TrainEvent } from "../protocol.ts";
import { Control } from "../train/control.ts";
import { estimate } from "../train/estimate.ts";
import { doesNotFit, roomOf } from "../train/fit.ts";
import { checkRows } from "../train/rows.ts";
import { readGiven, trainedFurther } from "./adapter-in.ts";
import { chooseBackend } from "./choose-backend.ts";
import type { RunLibrary } from "./library.ts";
import type { Loaded } from "./load.ts";
import { Mail } from "./mail.ts";
import { filesOfRun } from "./named-files.ts";
import { changesOf, goingOn } from "./onward.ts";
import { isAborted, problemOf } from "./problem.ts";
import { begun, reopened, resumable } from "./start.ts";
import type { Surroundings } from "./studio.ts";
import { type Active, type Training, trainKept } from "./training.ts";

export class Running implements Pick<Session, "train" | "takeAdapter" | "continueRun" | "openRun"> {
  /** What lies on the device. */
  active: Active | null = null;
  /** Of the run that is going on or was last: there from the moment Train is pressed, so that Stop works while it loads. */
  control: Control | null = null;
  busy = false;
  /** Floating-point operations that this device has done, and in which time. */
  measured: { flops: number; seconds: number } | null = null;

  constructor(
    private readonly open: (config: RunConfig, control: Control, onProgress: (phase: Phase) => void) => Promise<{ config: RunConfig; loaded: Loaded }>,
    private readonly around: Pick<Surroundings, "backend" | "device" | "keepFiles">,
    private readonly library: RunLibrary,
  ) {}

  train(json: RunConfig, onEvents: (events: TrainEvent[]) => void): Promise<void> {
    return this.go(onEvents, (mail, control) => this.begins(json, mail, control));
  }

  takeAdapter(json: RunConfig, files: GivenFile[], what: "try" | "train", onEvents: (events: TrainEvent[]) => void): Promise<void> {
    return this.go(onEvents, async (mail, control) => {
      const trained = await readGiven(files);
      if (what === "train") return this.begins(json, mail, control, trained);
      mail.post({ type: "state", state: "loading", step: 0 });
      // What is only tried needs no decision about ranks.
      const { config, loaded } = await this.ready({ ...json, allocation: null }, control, mail, trained);
      await this.onDevice(null);
      const events: TrainEvent[] = [];
      const emit = (e: TrainEvent): void => {
        mail.post(e);
        if (e.type !== "progress") events.push(e);
      };
      const run = await begun(config, loaded, this.around.backend, emit, control.stopped, trained);
      await this.onDevice({ config, loaded, run, control, events, start: null });
      mail.post({ type: "state", state: "stopped", step: 0 });
    });
  }

  /** trained: an adapter that it begins as. */
  private async begins(json: RunConfig, mail: Mail, control: Control, trained?: Trained): Promise<void> {
    mail.post({ type: "state", state: "loading", step: 0 });
    const { config, loaded, onStep } = await this.ready(json, control, mail, trained);
    if (control.stopped()) return mail.post({ type: "state", state: "stopped", step: 0 });
    const { keeper, fleeting } = await this.library.begin(config, trained !== undefined, mail.post);
    mail.replay(keeper.record, []);
    mail.log = keeper;
    mail.post({ type: "state", state: "loading", step: 0 });
    if (fleeting) mail.post({ type: "note", step: 0, text: `${fleeting} The run is gone with the page: export what you want to keep.` });
    else
      this.around.keepFiles?.(filesOfRun(config)).catch((e: Error) => {
        const text = `The files of this run are not kept (${e.message || e.name}): to go on with it after a reload, give them again.`;
        mail.post({ type: "note", step: mail.lastStep, text });
      });
    if (trained) mail.post({ type: "note", step: 0, text: "The run begins as an adapter that was given; what counts as the base is the model without it." });
    await this.trains({ config, loaded, control, keeper, mail, from: null, trained }, onStep);
  }

  continueRun(id: string, onward: Onward, onEvents: (events: TrainEvent[]) => void): Promise<void> {
    return this.go(onEvents, async (mail, control) => {
      const kept = await this.library.goOn(id);
      try {
        mail.replay(kept.record, kept.log);
        mail.post({ type: "state", state: "loading", step: mail.lastStep });
        const { config, loaded, onStep } = await this.ready(goingOn(kept.record.config, onward, kept.stored?.step ?? 0), control, mail);
        if (kept.stored) checkRows(loaded.rows, kept.stored);
        const from = kept.stored && resumable(loaded, kept.stored);
        if (control.stopped()) return mail.post({ type: "state", state: "stopped", step: mail.lastStep });
        const keeper = kept.begin(config, mail.post);
        mail.log = keeper;
        for (const text of changesOf(kept.record.config, config)) mail.post({ type: "note", step: mail.lastStep, text });
        await this.trains({ config, loaded, control, keeper, mail, from }, onStep);
      } finally {
        kept.release();
      }
    });
  }

  openRun(id: string, which: "last" | "best", onEvents: (events: TrainEvent[]) => void): Promise<void> {
    return this.go(onEvents, async (mail, control) => {
      const kept = await this.library.read(id, which);
      mail.replay(kept.record, await this.library.events(id));
      mail.post({ type: "state", state: "loading", step: kept.record.step });
      if (!kept.stored) throw new ConfigError(kept.record.name, `has no ${which} state`, "It ended before one was kept.");
      const { config, loaded } = await this.ready(kept.record.config, control, mail);
      const state = resumable(loaded, kept.stored);
      await this.onDevice(null);
      const { run, from } = await reopened(config, loaded, state, this.around.backend, (e) => e.type === "progress" && mail.post(e));
      const start = loaded.target.ranks.size ? null : await run.parameters.snapshot();
      run.restore(from.state);
      await this.onDevice({ config, loaded, run, control, events: kept.log, start });
      mail.post({ type: "state", state: kept.record.state === "finished" ? "finished" : "stopped", step: kept.record.step });
    });
  }

  private async go(onEvents: (events: TrainEvent[]) => void, work: (mail: Mail, control: Control) => Promise<void>): Promise<void> {
    const mail = new Mail(onEvents);
    if (this.busy) {
      mail.post({ type: "state", state: "failed", step: 0, detail: "A run is going on already.", hint: "Stop it first." });
      return mail.flush();
    }
    this.busy = true;
    const control: Control = new Control(0, (state) => mail.post({ type: "state", state, step: mail.lastStep }));
    this.control = control;
    try {
      await work(mail, control);
    } catch (e) {
      mail.post(isAborted(e) && control.stopped() ? { type: "state", state: "stopped", step: mail.lastStep } : failure(e, mail.lastStep));
    } finally {
      this.busy = false;
      mail.flush();
    }
  }

  /** A configuration opened, and known to fit. Throws DataError, FormatError, ConfigError, and what does not fit. */
  private async ready(
    json: RunConfig,
    control: Control,
    mail: Mail,
    trained?: Trained,
  ): Promise<{ config: RunConfig; loaded: Loaded; onStep: (e: TrainEvent) => void }> {
    const opened = await this.open(json, control, (phase) => mail.post({ type: "progress", ...phase }));
    const { config, loaded } = trained ? trainedFurther(opened.config, opened.loaded, trained) : opened;
    control.learningRate = config.train.learning_rate;
    const device = await this.around.device();
    const backend = chooseBackend(config.backend, device).name;
    const need = estimate(loaded.target, config, backend);
    const tooLarge = doesNotFit(need, roomOf(device, backend));
    if (tooLarge) throw Object.assign(new Error(tooLarge.what), tooLarge);
    const onStep = (e: TrainEvent): void => {
      if (e.type === "step") this.measured = { flops: need.flopsPerStep * e.step, seconds: e.time / 1000 };
    };
    return { config, loaded, onStep };
  }

  private async trains(o: Omit<Training, "open" | "onDevice">, onStep: (e: TrainEvent) => void): Promise<void> {
    try {
      await trainKept({ ...o, open: this.around.backend, onDevice: this.onDevice }, onStep);
    } catch (e) {
      o.mail.post(failure(e, o.mail.lastStep));
    } finally {
      await o.keeper.close();
      o.mail.log = null;
    }
  }

  /** What lies on the device from now on. A question or an export of what lay there is let finish. */
  private readonly onDevice = async (next: Active | null): Promise<void> => {
    const old = this.active;
    this.active = next;
    await old?.control.between(async () => {
      old.run.destroy();
      old.run.backend.destroy();
    });
  };
}

function failure(e: unknown, step: number): TrainEvent {
  const { where, what, hint } = problemOf(e);
  const { offer } = e as { offer?: Onward };
  return { type: "state", state: "failed", step, detail: `${where}: ${what}`, hint, ...(offer ? { offer } : {}) };
}
