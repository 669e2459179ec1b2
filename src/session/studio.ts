// studio.ts — the class behind the worker: one run at a time, from configuration to export. Everything that can be expected to go wrong comes back as
// a value or an event with a remedy, not as a rejection.

import { encodePrompt } from "../data/batch.ts";
import { encodeLabelled } from "../data/classification.ts";
import { preview, previewClassification } from "../data/preview.ts";
import { zipFolder } from "../formats/zip.ts";
import type { Backend } from "../engine/backend.ts";
import type {
  Allocated,
  Answer,
  AskOptions,
  BenchmarkRow,
  Catalogue,
  DataPreview,
  DeviceInfo,
  ExportedFile,
  GivenFile,
  Preflight,
  Problem,
  RunConfig,
  Scores,
  ScoringCost,
  Session,
  TrainEvent,
} from "../protocol.ts";
import { allocatorOf } from "../train/allocation.ts";
import { firstRun, parseConfig } from "../train/config.ts";
import { predict, spell } from "../train/classify.ts";
import { Control } from "../train/control.ts";
import { estimate } from "../train/estimate.ts";
import { doesNotFit, nearestFit, roomOf } from "../train/fit.ts";
import { generate } from "../train/generate.ts";
import type { Run } from "../train/run.ts";
import { parameterCounts, siteInfos } from "../train/subject.ts";
import { train } from "../train/trainer.ts";
import { benchBackends } from "./bench.ts";
import { catalogue } from "./catalogue.ts";
import { chooseBackend } from "./choose-backend.ts";
import { peftFiles, runFiles } from "./export.ts";
import { type LoadContext, type Loaded, type LoadedData, type LoadedModel, load, loadData, loadModel } from "./load.ts";
import { Mail } from "./mail.ts";
import { problemOf } from "./problem.ts";
import { allocateScores, allocationWarnings, checkProxies, costOf, scoreRun } from "./score.ts";
import { begun } from "./start.ts";

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

export class StudioSession implements Session {
  private active: Active | null = null;
  /** Of the run that is going on or was last: there from the moment Train is pressed, so that Stop works while it loads. */
  private control: Control | null = null;
  private busy = false;
  private benchmarking = false;
  private readonly loading = new Map<string, Promise<LoadedModel>>();
  /** The rows last asked for, encoded: most changes in the form leave them as they are. */
  private data: { key: string; data: LoadedData } | null = null;
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
    const key = JSON.stringify([config.model, config.data]);
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
      const need = estimate(loaded.target, config, backend.name);
      if (!device.webgpu && backend.name === "webgpu")
        problems.push({ where: "backend", what: "this browser has no WebGPU", hint: device.hint ?? "Use a browser with WebGPU.", level: "error" });
      const room = roomOf(device, backend.name);
      const tooLarge = doesNotFit(need, room);
      if (tooLarge) problems.push(tooLarge);
      const suggestion = (tooLarge && nearestFit(loaded.base, config, room, backend.name)) ?? undefined;
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
      problems.push(...allocationWarnings(config, loaded));
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
        scoring: config.allocation && !allocatorOf(config.allocation).by ? this.scoring(config.allocation.proxy, config, loaded) : undefined,
        suggestion,
      };
    } catch (e) {
      return { ...nothing, device, backend, problems: [...problems, problemOf(e)] };
    }
  }

  private scoring(proxy: string, config: RunConfig, loaded: Loaded): ScoringCost {
    const cost = costOf(proxy, config, loaded);
    return { ...cost, seconds: this.measured && (cost.flops * this.measured.seconds) / this.measured.flops };
  }

  async preview(json: RunConfig, rows: number): Promise<DataPreview | { problems: Problem[] }> {
    try {
      const { loaded } = await this.open(json);
      return "classes" in loaded.data ? previewClassification(loaded.data, loaded.tokenizer, rows) : preview(loaded.data, loaded.tokenizer, rows);
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
    const control = new Control(0, (state) => mail.post({ type: "state", state, step: mail.lastStep }));
    this.control = control;
    try {
      mail.post({ type: "state", state: "loading", step: 0 });
      const { config, loaded } = await this.open(json);
      control.learningRate = config.train.learning_rate;
      const device = await this.device();
      const backend = chooseBackend(config.backend, device).name;
      const need = estimate(loaded.target, config, backend);
      const tooLarge = doesNotFit(need, roomOf(device, backend));
      if (tooLarge) throw Object.assign(new Error(tooLarge.what), tooLarge);
      if (control.stopped()) return mail.post({ type: "state", state: "stopped", step: 0 });
      const active = await this.begin(config, loaded, control, mail);
      await train(active.run, loaded.rows, config, active.control, (e) => {
        if (e.type === "step") this.measured = { flops: need.flopsPerStep * e.step, seconds: e.time / 1000 };
        mail.post(e);
      });
    } catch (e) {
      const p = problemOf(e);
      mail.post({ type: "state", state: "failed", step: mail.lastStep, detail: `${p.where}: ${p.what}`, hint: p.hint });
    } finally {
      this.busy = false;
      mail.close();
    }
  }

  private async begin(config: RunConfig, loaded: Loaded, control: Control, mail: Mail): Promise<Active> {
    const old = this.active;
    this.active = null;
    // A question or an export of the old run is let finish.
    await old?.control.between(async () => {
      old.run.destroy();
      old.run.backend.destroy();
    });
    const run = await begun(config, loaded, this.around.backend, (e) => mail.post(e), control.stopped);
    const initial = loaded.target.ranks.size ? null : await run.parameters.snapshot();
    const active: Active = { config, loaded, run, control, events: mail.log, start: initial };
    this.active = active;
    return active;
  }

  pause = async (): Promise<void> => this.control?.pause();
  step = async (): Promise<void> => this.control?.step();
  resume = async (): Promise<void> => this.control?.resume();
  stop = async (): Promise<void> => {
    this.benchmarking = false;
    this.control?.stop();
  };
  setLearningRate = async (learningRate: number): Promise<void> => {
    if (this.control && Number.isFinite(learningRate) && learningRate >= 0) this.control.learningRate = learningRate;
  };

  async ask(o: AskOptions): Promise<Answer | { problems: Problem[] }> {
    const { active } = this;
    if (!active) return { problems: [{ where: "model", what: "there is no run to ask", hint: "Press Train first.", level: "error" }] };
    try {
      const { tokenizer, rows } = active.loaded;
      if (rows.metrics) return await this.classify(active, o.prompt, rows.classes);
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

  /** A pair of texts: the second begins on a new line. */
  private async classify({ run, config, start: initial, control, loaded }: Active, asked: string, classes: readonly string[] | null): Promise<Answer> {
    const [, text, text2] = /^(.*?)(?:\n([^]*))?$/s.exec(asked.trim())!;
    const { example } = encodeLabelled({ text, text2: text2?.trim() || undefined }, 0, loaded.tokenizer, config.data.max_length);
    const answer = async (): Promise<string> => spell((await predict(run, [example], 1, config.data.max_length))![0], classes);
    return control.between(async () => {
      const tuned = await answer();
      return { base: await run.asBase(initial, answer), tuned };
    });
  }

  async scoringCost(json: RunConfig, proxies: string[]): Promise<{ costs: Record<string, ScoringCost> } | { problems: Problem[] }> {
    try {
      const { config, loaded } = await this.open(json);
      checkProxies(proxies, loaded);
      return { costs: Object.fromEntries(proxies.map((name) => [name, this.scoring(name, config, loaded)])) };
    } catch (e) {
      return { problems: [problemOf(e)] };
    }
  }

  async score(
    json: RunConfig,
    proxies: string[],
    onProgress: (proxy: string, done: number, total: number) => void,
  ): Promise<Scores | { problems: Problem[] } | null> {
    if (this.busy) return { problems: [{ where: "scores", what: "a run is going on", hint: "Stop it first: both would be slow.", level: "error" }] };
    this.busy = true;
    const control = new Control(0);
    this.control = control;
    try {
      const { config, loaded } = await this.open(json);
      checkProxies(proxies, loaded);
      return await scoreRun(config, loaded, await this.around.backend(config), proxies, control.stopped, onProgress);
    } catch (e) {
      return { problems: [problemOf(e)] };
    } finally {
      this.busy = false;
    }
  }

  async allocate(json: RunConfig, scores: number[]): Promise<Allocated | { problems: Problem[] }> {
    try {
      const { config, loaded } = await this.open(json);
      return allocateScores(config, loaded, scores);
    } catch (e) {
      return { problems: [problemOf(e)] };
    }
  }

  async benchmark(onProgress: (rows: BenchmarkRow[], done: number, total: number) => void): Promise<BenchmarkRow[] | { problems: Problem[] }> {
    if (this.busy) return { problems: [{ where: "benchmark", what: "a run is going on", hint: "Stop it first: both would be slow.", level: "error" }] };
    this.busy = true;
    this.benchmarking = true;
    try {
      const names = [...((await this.device()).webgpu ? ["webgpu" as const] : []), "wasm" as const];
      const open = names.map((backend) => () => this.around.backend({ ...firstRun, backend }));
      return await benchBackends(this.around.context, open, () => !this.benchmarking, onProgress);
    } catch (e) {
      return { problems: [problemOf(e)] };
    } finally {
      this.busy = this.benchmarking = false;
    }
  }

  async export(only?: "peft"): Promise<ExportedFile | { problems: Problem[] }> {
    const { active } = this;
    if (!active) return { problems: [{ where: "export", what: "there is no run to export", hint: "Press Train first.", level: "error" }] };
    try {
      const { run, loaded, config, events } = active;
      const files = await active.control.between(() => (only ? peftFiles(run, loaded, config) : runFiles(run, loaded, config, events)));
      const kind = only ?? (loaded.target.ranks.size ? "adapter" : "model");
      return { name: `${active.loaded.files.name.replace(/[^\w.-]+/g, "-")}-${kind}.zip`, bytes: zipFolder(files) };
    } catch (e) {
      return { problems: [problemOf(e)] };
    }
  }
}
