// studio.ts — the class behind the worker: one run at a time, from configuration to export. Everything that can be expected to go wrong comes back as
// a value or an event with a remedy, not as a rejection.

import { encodePrompt } from "../data/batch.ts";
import type { PreparedData } from "../data/prepare.ts";
import { preview } from "../data/preview.ts";
import { zipFolder } from "../formats/zip.ts";
import type { Backend } from "../engine/backend.ts";
import type {
  Answer,
  AskOptions,
  Catalogue,
  DataPreview,
  DeviceInfo,
  ExportedFile,
  GivenFile,
  Preflight,
  Problem,
  RunConfig,
  Session,
  TrainEvent,
} from "../protocol.ts";
import { parseConfig } from "../train/config.ts";
import { Control } from "../train/control.ts";
import { estimate } from "../train/estimate.ts";
import { type Room, doesNotFit, nearestFit } from "../train/fit.ts";
import { generate } from "../train/generate.ts";
import type { Run } from "../train/run.ts";
import { parameterCounts, siteInfos } from "../train/subject.ts";
import { train } from "../train/trainer.ts";
import { catalogue } from "./catalogue.ts";
import { chooseBackend } from "./choose-backend.ts";
import { runFiles } from "./export.ts";
import { type LoadContext, type Loaded, type LoadedModel, load, loadData, loadModel } from "./load.ts";
import { problemOf } from "./problem.ts";
import { start } from "./start.ts";

/** What the session needs of the place it runs in. */
export interface Surroundings {
  context: LoadContext;
  device(): Promise<DeviceInfo>;
  backend(config: RunConfig): Promise<Backend>;
  /** Files the page hands over. */
  give(folder: string, files: readonly GivenFile[]): void;
}

interface Active {
  config: RunConfig;
  loaded: Loaded;
  run: Run;
  control: Control;
  events: TrainEvent[];
  /** The base's values of trained weights: full fine-tuning overwrites them, the base's answers need them. */
  start: Awaited<ReturnType<Run["parameters"]["snapshot"]>> | null;
}

const BATCH_MS = 100;

export class StudioSession implements Session {
  private active: Active | null = null;
  private busy = false;
  private readonly loading = new Map<string, Promise<LoadedModel>>();
  /** The rows last asked for, encoded: most changes in the form leave them as they are. */
  private data: { key: string; data: PreparedData } | null = null;
  private measured: { flops: number; seconds: number } | null = null;

  constructor(private readonly around: Surroundings) {}

  catalogue = async (): Promise<Catalogue> => catalogue();
  device = (): Promise<DeviceInfo> => this.around.device();
  give = async (folder: string, files: GivenFile[]): Promise<void> => {
    this.loading.clear();
    this.data = null;
    this.around.give(folder, files);
  };

  /** A model is opened once and kept: form, preview and run share it. */
  private async open(json: RunConfig): Promise<{ config: RunConfig; loaded: Loaded }> {
    const config = parseConfig(json);
    const { source } = config.model;
    let model = this.loading.get(source);
    if (!model) {
      this.loading.set(source, (model = loadModel(source, this.around.context)));
      model.catch(() => this.loading.delete(source));
    }
    const opened = await model;
    const key = JSON.stringify([source, config.data, config.train.seed]);
    if (this.data?.key !== key) this.data = { key, data: await loadData(config, this.around.context, opened) };
    return { config, loaded: await load(config, this.around.context, opened, this.data.data) };
  }

  async preflight(json: RunConfig): Promise<Preflight> {
    const device = await this.device();
    const backend = chooseBackend(json.backend, device);
    const problems: Problem[] = [];
    const nothing = { memory: null, fits: false, trainable: 0, total: 0, sites: [], flopsPerStep: 0, seconds: null };
    try {
      const { config, loaded } = await this.open(json);
      const need = estimate(loaded.target, config);
      if (!device.webgpu && backend.name === "webgpu")
        problems.push({ where: "backend", what: "this browser has no WebGPU", hint: device.hint ?? "Use a browser with WebGPU.", level: "error" });
      const room = roomOf(device, backend.name);
      const tooLarge = doesNotFit(need, room);
      if (tooLarge) problems.push(tooLarge);
      const suggestion = (tooLarge && nearestFit(loaded.base, config, room)) ?? undefined;
      if (!loaded.data.heldOut.length)
        problems.push({
          where: "data.eval_share",
          what: "no rows are held out",
          hint: "Without them there is no evaluation. Raise the share.",
          level: "warning",
        });
      if (loaded.data.wrongTotal)
        problems.push({
          where: "data.source",
          what: `${loaded.data.wrongTotal} rows are left out`,
          hint: "The data preview lists them by line.",
          level: "warning",
        });
      const seconds = this.measured && (need.flopsPerStep * config.train.steps * this.measured.seconds) / this.measured.flops;
      return {
        device,
        backend,
        memory: need.memory,
        fits: !tooLarge,
        ...parameterCounts(loaded.target),
        sites: siteInfos(loaded.target),
        flopsPerStep: need.flopsPerStep,
        seconds,
        problems,
        suggestion,
      };
    } catch (e) {
      return { ...nothing, device, backend, problems: [...problems, problemOf(e)] };
    }
  }

  async preview(json: RunConfig, rows: number): Promise<DataPreview | { problems: Problem[] }> {
    try {
      const { loaded } = await this.open(json);
      return preview(loaded.data, loaded.tokenizer, rows);
    } catch (e) {
      return { problems: [problemOf(e)] };
    }
  }

  async train(json: RunConfig, onEvents: (events: TrainEvent[]) => void): Promise<void> {
    const mail = new Mail(onEvents);
    if (this.busy) {
      mail.post({ type: "state", state: "failed", step: 0, detail: "A run is going on already.", hint: "Stop it first." });
      return mail.close();
    }
    this.busy = true;
    try {
      mail.post({ type: "state", state: "loading", step: 0 });
      const { config, loaded } = await this.open(json);
      const need = estimate(loaded.target, config);
      const device = await this.device();
      const tooLarge = doesNotFit(need, roomOf(device, chooseBackend(config.backend, device).name));
      if (tooLarge) throw Object.assign(new Error(tooLarge.what), tooLarge);
      const active = await this.begin(config, loaded, mail);
      await train(
        active.run,
        { train: loaded.data.train, heldOut: loaded.data.heldOut, prompts: loaded.prompts, tokenizer: loaded.tokenizer },
        config,
        active.control,
        (e) => {
          if (e.type === "step") this.measured = { flops: need.flopsPerStep * e.step, seconds: e.time / 1000 };
          mail.post(e);
        },
      );
    } catch (e) {
      const p = problemOf(e);
      mail.post({ type: "state", state: "failed", step: mail.lastStep, detail: `${p.where}: ${p.what}`, hint: p.hint });
    } finally {
      this.busy = false;
      mail.close();
    }
  }

  private async begin(config: RunConfig, loaded: Loaded, mail: Mail): Promise<Active> {
    this.active?.run.destroy();
    this.active?.run.backend.destroy();
    this.active = null;
    const backend = await this.around.backend(config);
    const run = await start(config, loaded, backend, (e) => mail.post(e));
    const control = new Control(config.train.learning_rate, (state) => mail.post({ type: "state", state, step: mail.lastStep }));
    const initial = loaded.target.ranks.size ? null : await run.parameters.snapshot();
    const active: Active = { config, loaded, run, control, events: mail.log, start: initial };
    this.active = active;
    return active;
  }

  pause = async (): Promise<void> => this.active?.control.pause();
  step = async (): Promise<void> => this.active?.control.step();
  resume = async (): Promise<void> => this.active?.control.resume();
  stop = async (): Promise<void> => this.active?.control.stop();
  setLearningRate = async (learningRate: number): Promise<void> => {
    if (this.active && Number.isFinite(learningRate) && learningRate >= 0) this.active.control.learningRate = learningRate;
  };

  async ask(o: AskOptions): Promise<Answer | { problems: Problem[] }> {
    const { active } = this;
    if (!active) return { problems: [{ where: "model", what: "there is no run to ask", hint: "Press Train first.", level: "error" }] };
    try {
      const { tokenizer } = active.loaded;
      const ids = encodePrompt(o.prompt, tokenizer, active.loaded.base.config.maxPositions - o.maxNewTokens);
      const sampling = { ...o, stopIds: tokenizer.stopIds };
      const answer = async (): Promise<string> => tokenizer.decode((await generate(active.run, [ids], sampling))[0]);
      return await active.control.between(async () => {
        const tuned = await answer();
        const base = await active.run.asBase(active.start, answer);
        return { base, tuned };
      });
    } catch (e) {
      return { problems: [problemOf(e)] };
    }
  }

  async export(): Promise<ExportedFile | { problems: Problem[] }> {
    const { active } = this;
    if (!active) return { problems: [{ where: "export", what: "there is no run to export", hint: "Press Train first.", level: "error" }] };
    try {
      const files = await active.control.between(() => runFiles(active.run, active.loaded, active.config, active.events));
      const kind = active.loaded.target.ranks.size ? "adapter" : "model";
      return { name: `${active.loaded.files.name.replace(/[^\w.-]+/g, "-")}-${kind}.zip`, bytes: zipFolder(files) };
    } catch (e) {
      return { problems: [problemOf(e)] };
    }
  }
}

/** Wasm has 4 GB at most, for everything. */
const roomOf = ({ limits, room }: DeviceInfo, backend: string): Room => ({
  piece: backend === "webgpu" ? Math.min(limits.maxBufferSize ?? Infinity, limits.maxStorageBufferBindingSize ?? Infinity) : Infinity,
  total: Math.min(room ?? Infinity, backend === "wasm" ? 2 ** 32 : Infinity),
});

/** Collects events and hands them over in batches; the log keeps all of them. */
class Mail {
  readonly log: TrainEvent[] = [];
  lastStep = 0;
  private waiting: TrainEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly deliver: (events: TrainEvent[]) => void) {}

  post(e: TrainEvent): void {
    if (e.type === "step") this.lastStep = e.step;
    // Of progress only the newest counts, and it is no part of the run's log.
    if (e.type !== "progress") this.log.push(e);
    else this.waiting = this.waiting.filter((w) => w.type !== "progress" || w.phase !== e.phase);
    this.waiting.push(e);
    this.timer ??= setTimeout(() => this.flush(), BATCH_MS);
  }

  private flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const these = this.waiting;
    this.waiting = [];
    if (these.length) this.deliver(these);
  }

  close(): void {
    this.flush();
  }
}
