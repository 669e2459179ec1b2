// studio.ts — the class behind the worker: one run at a time, from configuration to export. Everything that can be expected to go wrong comes back as
// a value or an event with a remedy, not as a rejection.

import { zipFolder } from "../formats/zip.ts";
import type { Backend } from "../engine/backend.ts";
import type {
  Allocated,
  Answer,
  AskOptions,
  BenchmarkRow,
  Catalogue,
  DataColumns,
  DataPreview,
  DeviceInfo,
  ExportedFile,
  GivenFile,
  NoPreview,
  Phase,
  Preflight,
  Problem,
  RunConfig,
  Scores,
  ScoringCost,
  Session,
} from "../protocol.ts";
import { allocatorOf } from "../train/allocation.ts";
import { firstRun, parseConfig } from "../train/config.ts";
import { Control } from "../train/control.ts";
import { estimate } from "../train/estimate.ts";
import { doesNotFit, nearestFit, roomOf } from "../train/fit.ts";
import { parameterCounts, siteInfos } from "../train/subject.ts";
import { askRun } from "./ask.ts";
import { benchBackends } from "./bench.ts";
import { catalogue } from "./catalogue.ts";
import { chooseBackend } from "./choose-backend.ts";
import { mergedFiles, peftFiles, runFiles } from "./export.ts";
import type { Files } from "./export-weights.ts";
import { Comparisons } from "./comparisons.ts";
import type { ComparisonShelf } from "./comparison-shelf.ts";
import { type LoadContext, type Loaded, type LoadedModel, dataColumns, load, loadData, loadModel, previewOf } from "./load.ts";
import { RunLibrary } from "./library.ts";
import { isAborted, problemOf } from "./problem.ts";
import { Reading } from "./reading.ts";
import { Running } from "./running.ts";
import { allocateScores, allocationWarnings, checkProxies, costOf, scoreRun } from "./score.ts";
import { readSettings } from "./settings.ts";
import { type Shelf, memoryShelf } from "./shelf.ts";
import type { Active } from "./training.ts";

/** What the session needs of the place it runs in. */
export interface Surroundings {
  context: LoadContext;
  device(): Promise<DeviceInfo>;
  backend(config: RunConfig): Promise<Backend>;
  /** Files the page hands over. */
  give(folder: string, files: readonly GivenFile[]): void;
  /** Keeps given files, by name, for what goes on after a reload. Rejects where there is no room. */
  keepFiles?(names: readonly string[]): Promise<void>;
  /** Where runs are kept; absent: in memory. */
  shelf?(): Promise<Shelf>;
  /** Where comparisons are kept; absent: in memory. */
  comparisons?(): Promise<ComparisonShelf>;
}

export class StudioSession implements Session {
  private readonly library: RunLibrary;
  private readonly running: Running;
  private readonly comparing: Comparisons;
  private benchmarking = false;
  private merging = false;
  private readonly loading = new Map<string, Promise<LoadedModel>>();
  /** Rows encoded: most changes in the form leave them as they are. */
  private readonly reading = new Reading();
  /** Who asks for rows to tell costs and allocations: not the form, so that none of its questions is given up for them. */
  private readonly beside = {};

  constructor(private readonly around: Surroundings) {
    this.library = new RunLibrary(around.shelf ?? (async () => memoryShelf(null)));
    this.running = new Running((config, control, onProgress) => this.open(config, control, onProgress), around, this.library);
    this.comparing = new Comparisons(async (config, who, onProgress) => (await this.open(config, who, onProgress)).loaded, around, this.running);
  }

  catalogue = async (): Promise<Catalogue> => catalogue();
  readSettings: Session["readSettings"] = readSettings;
  device = (): Promise<DeviceInfo> => this.around.device();
  give = async (folder: string, files: GivenFile[]): Promise<void> => {
    this.loading.clear();
    this.reading.forget();
    this.around.give(folder, files);
  };

  /** A model is opened once and kept: form, preview and run share it. who asks: of one asker only the newest question counts. The session itself is the form. */
  private async open(json: RunConfig, who: object = this, onProgress?: (phase: Phase) => void): Promise<{ config: RunConfig; loaded: Loaded }> {
    const config = parseConfig(json);
    const { source } = config.model;
    let model = this.loading.get(source);
    if (!model) {
      this.loading.set(source, (model = loadModel(source, this.around.context)));
      model.catch(() => this.loading.delete(source));
    }
    const opened = await model;
    const key = JSON.stringify([config.model, config.data]);
    const { context } = this.around;
    const data = await this.reading.ask(key, who, (watch) => loadData(config, { ...context, ...watch }, opened), onProgress);
    return { config, loaded: await load(config, context, opened, data) };
  }

  async preflight(json: RunConfig, onProgress?: (phase: Phase) => void): Promise<Preflight> {
    const device = await this.device();
    const backend = chooseBackend(json.backend, device);
    const problems: Problem[] = [];
    const nothing = { memory: null, fits: false, trainable: 0, total: 0, sites: [], flopsPerStep: 0, seconds: null };
    try {
      const { config, loaded } = await this.open(json, this, onProgress);
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
      const seconds = this.running.measured && (need.flopsPerStep * config.train.steps * this.running.measured.seconds) / this.running.measured.flops;
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
      if (isAborted(e)) throw e;
      return { ...nothing, device, backend, problems: [...problems, problemOf(e)] };
    }
  }

  dataColumns = (json: RunConfig): Promise<{ columns?: DataColumns }> => dataColumns(json, this.around.context);

  private scoring(proxy: string, config: RunConfig, loaded: Loaded): ScoringCost {
    const cost = costOf(proxy, config, loaded);
    return { ...cost, seconds: this.running.measured && (cost.flops * this.running.measured.seconds) / this.running.measured.flops };
  }

  async preview(json: RunConfig, rows: number, first = 0): Promise<DataPreview | NoPreview> {
    const columns = await dataColumns(json, this.around.context);
    try {
      const { loaded } = await this.open(json);
      return { ...previewOf(loaded, { first, rows }), ...columns };
    } catch (e) {
      if (isAborted(e)) throw e;
      return { problems: [problemOf(e)], ...columns };
    }
  }

  train: Session["train"] = (config, onEvents) => this.running.train(config, onEvents);
  takeAdapter: Session["takeAdapter"] = (config, files, what, onEvents) => this.running.takeAdapter(config, files, what, onEvents);
  continueRun: Session["continueRun"] = (id, onward, onEvents) => this.running.continueRun(id, onward, onEvents);
  openRun: Session["openRun"] = (id, which, onEvents) => this.running.openRun(id, which, onEvents);
  runs: Session["runs"] = () => this.library.runs();
  runEvents: Session["runEvents"] = (id) => this.library.events(id);
  changeRun: Session["changeRun"] = (id, change) => this.library.change(id, change);
  duplicateRun: Session["duplicateRun"] = (id) => this.library.duplicate(id);
  deleteRun: Session["deleteRun"] = (id) => this.library.delete(id);
  undeleteRun: Session["undeleteRun"] = (id) => this.library.undelete(id);
  sweepRuns: Session["sweepRuns"] = () => this.library.sweep();
  exportRuns: Session["exportRuns"] = (ids) => this.library.export(ids);
  importRuns: Session["importRuns"] = (zip) => this.library.import(zip);
  comparisons: Session["comparisons"] = () => this.comparing.comparisons();
  suggestComparison: Session["suggestComparison"] = (config) => this.comparing.suggestComparison(config);
  armOf: Session["armOf"] = (config, base) => this.comparing.armOf(config, base);
  configOfArm: Session["configOfArm"] = (comparison, arm) => this.comparing.configOfArm(comparison, arm);
  checkComparison: Session["checkComparison"] = (comparison, id) => this.comparing.checkComparison(comparison, id);
  putComparison: Session["putComparison"] = (comparison, name, id) => this.comparing.putComparison(comparison, name, id);
  deleteComparison: Session["deleteComparison"] = (id) => this.comparing.deleteComparison(id);
  undeleteComparison: Session["undeleteComparison"] = (id) => this.comparing.undeleteComparison(id);
  runComparison: Session["runComparison"] = (id, onProgress) => this.comparing.runComparison(id, onProgress);
  exportComparison: Session["exportComparison"] = (id, only) => this.comparing.exportComparison(id, only);
  importComparison: Session["importComparison"] = (file, name) => this.comparing.importComparison(file, name);

  pause = async (): Promise<void> => this.running.control?.pause();
  step = async (): Promise<void> => this.running.control?.step();
  resume = async (): Promise<void> => this.running.control?.resume();
  stop = async (): Promise<void> => {
    this.benchmarking = false;
    const { control } = this.running;
    control?.stop();
    if (control) this.reading.leave(control);
  };
  setLearningRate = async (learningRate: number): Promise<void> => {
    const { control } = this.running;
    if (control && Number.isFinite(learningRate) && learningRate >= 0) control.learningRate = learningRate;
  };

  async ask(o: AskOptions): Promise<Answer | { problems: Problem[] }> {
    const { active } = this.running;
    if (!active) return { problems: [{ where: "model", what: "there is no run to ask", hint: "Press Train first.", level: "error" }] };
    try {
      return await askRun(active, o);
    } catch (e) {
      return { problems: [problemOf(e)] };
    }
  }

  async scoringCost(json: RunConfig, proxies: string[]): Promise<{ costs: Record<string, ScoringCost> } | { problems: Problem[] }> {
    try {
      const { config, loaded } = await this.open(json, this.beside);
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
    if (this.running.busy) return { problems: [{ where: "scores", what: "a run is going on", hint: "Stop it first: both would be slow.", level: "error" }] };
    this.running.busy = true;
    const control = new Control(0);
    this.running.control = control;
    try {
      const { config, loaded } = await this.open(json, control);
      checkProxies(proxies, loaded);
      return await scoreRun(config, loaded, await this.around.backend(config), proxies, control.stopped, onProgress);
    } catch (e) {
      if (isAborted(e)) return null;
      return { problems: [problemOf(e)] };
    } finally {
      this.running.busy = false;
    }
  }

  async allocate(json: RunConfig, scores: number[]): Promise<Allocated | { problems: Problem[] }> {
    try {
      const { config, loaded } = await this.open(json, this.beside);
      return allocateScores(config, loaded, scores);
    } catch (e) {
      return { problems: [problemOf(e)] };
    }
  }

  async benchmark(onProgress: (rows: BenchmarkRow[], done: number, total: number) => void): Promise<BenchmarkRow[] | { problems: Problem[] }> {
    if (this.running.busy) return { problems: [{ where: "benchmark", what: "a run is going on", hint: "Stop it first: both would be slow.", level: "error" }] };
    this.running.busy = true;
    this.benchmarking = true;
    try {
      const names = [...((await this.device()).webgpu ? ["webgpu" as const] : []), "wasm" as const];
      const open = names.map((backend) => () => this.around.backend({ ...firstRun, backend }));
      return await benchBackends(this.around.context, open, () => !this.benchmarking, onProgress);
    } catch (e) {
      return { problems: [problemOf(e)] };
    } finally {
      this.running.busy = this.benchmarking = false;
    }
  }

  async export(only?: "peft"): Promise<ExportedFile | { problems: Problem[] }> {
    const kind = only ?? (this.running.active?.loaded.target.ranks.size ? "adapter" : "model");
    const file = await this.zipped(kind, ({ run, loaded, config, events }) => (only ? peftFiles(run, loaded, config) : runFiles(run, loaded, config, events)));
    return file!;
  }

  exportMerged(onProgress: (done: number, total: number) => void): Promise<ExportedFile | { problems: Problem[] } | null> {
    this.merging = true;
    const watch = { progress: onProgress, cancelled: () => !this.merging };
    return this.zipped("merged", ({ run, loaded, config, events }) => mergedFiles(run, loaded, config, events, watch));
  }
  cancelMerged = async (): Promise<void> => void (this.merging = false);

  /** What lies on the device, between two steps, as a zip; null where it was cancelled. */
  private async zipped(kind: string, files: (active: Active) => Promise<Files | null>): Promise<ExportedFile | { problems: Problem[] } | null> {
    const { active } = this.running;
    if (!active) return { problems: [{ where: "export", what: "there is no run to export", hint: "Press Train first.", level: "error" }] };
    try {
      const made = await active.control.between(() => files(active));
      return made && { name: `${active.loaded.files.name.replace(/[^\w.-]+/g, "-")}-${kind}.zip`, bytes: zipFolder(made) };
    } catch (e) {
      return { problems: [problemOf(e)] };
    }
  }
}
