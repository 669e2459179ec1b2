// comparisons.ts — the kept comparisons of the page: made, checked, run arm by arm, carried out and in. What is there after a reload goes on from the
// runs that had finished: a run that was cut off is run again.

import { zipFolder } from "../formats/zip.ts";
import { isObject } from "../formats/source.ts";
import { ConfigError } from "../models/model.ts";
import type { ExportedFile, Problem, RunConfig, TrainEvent } from "../protocol.ts";
import type { ArmRun, ArmSize, Comparison, ComparisonCheck, ComparisonProgress, ComparisonRecord, ComparisonsSession, ComparisonSummary, KeptComparison, Overrides } from "../protocol/comparison.ts"; // prettier-ignore
import { reportFiles, runFiles } from "../train/compare-report.ts";
import { readRuns } from "../train/compare-read.ts";
import { summaryOf } from "../train/compare-summary.ts";
import { configOf, parseComparison, queueOf } from "../train/compare.ts";
import { armOf, differences, suggest } from "../train/compare-presets.ts";
import { firstRun, parseConfig } from "../train/config.ts";
import { Control } from "../train/control.ts";
import { roomOf } from "../train/fit.ts";
import { chooseBackend } from "./choose-backend.ts";
import { type Open, type OpenFor, type Opened, checkMemory, openComparison, runArm, sizeOf, stands } from "./compare.ts";
import { type ComparisonShelf, memoryComparisons } from "./comparison-shelf.ts";
import { filesOfComparison } from "./named-files.ts";
import { isAborted, problemOf } from "./problem.ts";
import { plainName } from "./run-zip.ts";
import type { Running } from "./running.ts";
import type { Surroundings } from "./studio.ts";

/** A deleted comparison can be taken back for so long after a new start of the page. */
const SWEEP_MS = 10 * 60_000;
const FILE_LIMIT = 256 * 2 ** 20;
/** ms between two reports of a run's steps, at least. */
const REPORT_MS = 150;

type Problems = { problems: Problem[] };

export class Comparisons implements ComparisonsSession {
  private opened: Promise<ComparisonShelf> | null = null;
  private here: string | null = null;
  /** Who asks when a comparison is checked. */
  private readonly checks = {};

  constructor(
    private readonly open: OpenFor,
    private readonly around: Pick<Surroundings, "backend" | "device" | "comparisons" | "keepFiles">,
    private readonly running: Running,
  ) {}

  private shelf(): Promise<ComparisonShelf> {
    return (this.opened ??= (this.around.comparisons ?? (async () => memoryComparisons(null)))().then(async (shelf) => {
      const held = await shelf.held();
      for (const { id, deleted } of await shelf.records())
        if (deleted !== undefined && Date.now() - deleted > SWEEP_MS && !held.has(id)) await shelf.remove(id);
      return shelf;
    }));
  }

  async comparisons(): ReturnType<ComparisonsSession["comparisons"]> {
    const shelf = await this.shelf();
    const records = (await shelf.records()).filter((r) => r.deleted === undefined).sort((a, b) => b.created - a.created);
    return { comparisons: await Promise.all(records.map((record) => this.kept(record))), fleeting: shelf.fleeting };
  }

  private async kept(record: ComparisonRecord): Promise<KeptComparison> {
    const held = await (await this.shelf()).held();
    const holder = this.here === record.id ? "here" : held.has(record.id) ? "elsewhere" : null;
    return { record, summary: await this.summary(record), holder };
  }

  /** Runs that belong to it as it is now. */
  private async runs({ id, comparison }: ComparisonRecord): Promise<ArmRun[]> {
    return readRuns(await (await this.shelf()).runs(id), comparison);
  }

  private summary = async (record: ComparisonRecord, sizes?: ReadonlyMap<string, ArmSize>): Promise<ComparisonSummary> =>
    summaryOf(record.comparison, await this.runs(record), sizes);

  /** Throws ConfigError. */
  private async record(id: string): Promise<ComparisonRecord> {
    const found = (await (await this.shelf()).records()).find((r) => r.id === id);
    if (!found) throw new ConfigError("comparison", "is not there any more", "Another tab may have deleted it.");
    return found;
  }

  suggestComparison = (json: RunConfig): ReturnType<ComparisonsSession["suggestComparison"]> =>
    answer(async () => {
      const config = parseConfig(json);
      return suggest((await this.open({ ...config, allocation: null }, {})).base, config);
    });

  armOf = (json: RunConfig, base: Overrides | null): ReturnType<ComparisonsSession["armOf"]> =>
    answer(async () => (base === null ? { config: differences(parseConfig(json), firstRun), left: [] } : armOf(parseConfig(json), base)));

  configOfArm = (json: Comparison, name: string): ReturnType<ComparisonsSession["configOfArm"]> =>
    answer(async () => {
      const comparison = parseComparison(json);
      const arm = comparison.arms.find((a) => a.name === name);
      if (!arm) throw new ConfigError("arm", `"${name}" is none of the arms`, "");
      const config = configOf(comparison, arm, comparison.seeds[0]);
      return { config: { ...config, train: { ...config.train, samples_every: config.train.eval_every } } };
    });

  async checkComparison(json: unknown, id?: string): Promise<ComparisonCheck> {
    const sizes: Record<string, ArmSize> = {};
    try {
      const comparison = parseComparison(json);
      const open: Open = (config) => this.open(config, this.checks);
      for (const arm of comparison.arms)
        sizes[arm.name] = await sizeOf(comparison, arm, open).catch((e: unknown) => {
          if (isAborted(e)) throw e;
          return { least: 0, most: 0 };
        });
      const opened = await this.ready(comparison, open);
      const runs = id === undefined ? [] : await this.runs(await this.record(id));
      return { sizes, problems: [], moved: runs.filter((run) => run.result && !stands(opened, run)).length };
    } catch (e) {
      if (isAborted(e)) throw e;
      return { sizes, problems: [problemOf(e)], moved: 0 };
    }
  }

  /** Throws ConfigError, DataError, FormatError. */
  private async ready(comparison: Comparison, open: Open): Promise<Opened> {
    const opened = await openComparison(comparison, open);
    const device = await this.around.device();
    const { name } = chooseBackend(configOf(comparison, comparison.arms[0], comparison.seeds[0]).backend, device);
    await checkMemory(opened, name, roomOf(device, name));
    return opened;
  }

  putComparison = (json: unknown, name: string, id?: string): ReturnType<ComparisonsSession["putComparison"]> =>
    answer(async () => {
      const shelf = await this.shelf();
      const before = id === undefined ? null : await this.record(id);
      if (before && (await shelf.held()).has(before.id)) throw new ConfigError("comparison", "is under way", "Stop it first.");
      const title = name.trim().slice(0, 100) || "comparison";
      const record: ComparisonRecord = { version: 1, id: before?.id ?? crypto.randomUUID(), created: before?.created ?? Date.now(), name: title, comparison: parseComparison(json) }; // prettier-ignore
      await shelf.put(record);
      return this.kept(record);
    });

  deleteComparison = (id: string): Promise<Problems | null> => this.mark(id, Date.now());
  undeleteComparison = (id: string): Promise<Problems | null> => this.mark(id, undefined);
  private mark(id: string, deleted: number | undefined): Promise<Problems | null> {
    return answer(async () => {
      const shelf = await this.shelf();
      if ((await shelf.held()).has(id)) throw new ConfigError("comparison", "is under way", "Stop it first.");
      const { deleted: _, ...record } = await this.record(id);
      await shelf.put(deleted === undefined ? record : { ...record, deleted });
      return null;
    });
  }

  async runComparison(id: string, onProgress: (progress: ComparisonProgress | { problem: Problem }) => void): Promise<Problems | null> {
    const { running } = this;
    if (running.busy) return { problems: [{ where: "comparison", what: "a run is going on", hint: "Stop it first: both would be slow.", level: "error" }] };
    running.busy = true;
    running.control = new Control(0);
    let release: (() => void) | null = null;
    try {
      release = await (await this.shelf()).hold(id);
      if (!release) throw new ConfigError("comparison", "is under way in another tab", "Go on with it there, or close that tab.");
      const record = await this.record(id);
      if (record.deleted !== undefined) throw new ConfigError(record.name, "is deleted", "Take it back first.");
      this.here = id;
      this.around.keepFiles?.(filesOfComparison(record.comparison)).catch((e: Error) => onProgress({ problem: notKept(e) }));
      await this.runQueue(record, onProgress);
      return null;
    } catch (e) {
      if (isAborted(e)) return null; // stopped
      return { problems: [problemOf(e)] };
    } finally {
      release?.();
      this.here = null;
      running.busy = false;
    }
  }

  /** One run after the other. What storage refuses ends the queue: results that are not kept would be lost. */
  private async runQueue(record: ComparisonRecord, onProgress: (progress: ComparisonProgress) => void): Promise<void> {
    const { comparison } = record;
    const shelf = await this.shelf();
    const runs = await this.runs(record);
    const missing = (there: (run: ArmRun) => boolean) =>
      queueOf(comparison).filter(({ arm, seed }) => !runs.some((run) => run.arm === arm.name && run.seed === seed && there(run)));
    const [first = queueOf(comparison)[0], ...others] = missing((run) => run.result !== undefined);
    let left = others.length + 1;
    let now = { arm: first.arm.name, seed: first.seed, step: 0, steps: 0, phase: "model and data" };
    onProgress({ now, left, seconds: null });
    const open: Open = (config) => this.open(config, this.running.control!, ({ phase }) => onProgress({ now: { ...now, phase }, left, seconds: null }));
    const opened = await this.ready(comparison, open);
    const queue = missing((run) => stands(opened, run));
    let spent = 0;
    for (const [done, { arm, seed }] of queue.entries()) {
      if (this.running.control!.stopped()) return;
      const control = (this.running.control = new Control(0));
      const began = performance.now();
      const events: TrainEvent[] = [];
      const { steps } = configOf(comparison, arm, seed).train;
      left = queue.length - done;
      now = { arm: arm.name, seed, step: 0, steps, phase: "" };
      let reported = 0;
      const emit = (e: TrainEvent): void => {
        if (e.type !== "progress") events.push(e);
        if (e.type === "step") Object.assign(now, { step: e.step, phase: "" });
        else if (e.type === "progress") now.phase = e.phase;
        if (performance.now() - reported < REPORT_MS) return;
        reported = performance.now();
        onProgress({ now: { ...now }, left, seconds: done ? Math.max(0, (spent / done) * left - (reported - began) / 1000) : null });
      };
      const run = await runArm(opened, arm, seed, { backend: this.around.backend, emit, control });
      if (!run) return;
      spent += (performance.now() - began) / 1000;
      await shelf.keep(record.id, run, events);
      onProgress({ now: null, left: left - 1, seconds: (spent / (done + 1)) * (left - 1), summary: await this.summary(record, opened.sizes) });
    }
  }

  exportComparison = (id: string, only?: string): Promise<ExportedFile | Problems> =>
    answer(async () => {
      const shelf = await this.shelf();
      const record = await this.record(id);
      const runs = await this.runs(record);
      const files = reportFiles(record.comparison, runs, summaryOf(record.comparison, runs));
      for (const run of runs) Object.assign(files, runFiles(run, await shelf.events(id, run.arm, run.seed)));
      const name = plainName(record.name);
      files["comparison.json"] = `${JSON.stringify(record.comparison, null, 2)}\n`;
      if (only === undefined) return { name: `${name}.zip`, bytes: zipFolder(files) };
      if (!Object.hasOwn(files, only)) throw new ConfigError(only, "is no file of a comparison", `There is ${Object.keys(files).join(", ")}.`);
      return { name: `${name}-${only}`, bytes: new TextEncoder().encode(files[only]) };
    });

  importComparison = (file: Blob, name: string): ReturnType<ComparisonsSession["importComparison"]> =>
    answer(async () => {
      if (file.size > FILE_LIMIT) throw new ConfigError(name, "is larger than any comparison", "Take comparison.json or results.json.");
      const json = parsed(await file.text(), name);
      const results = isObject(json) && "comparison" in json ? json : { comparison: json, runs: [] };
      const comparison = parseComparison(results.comparison);
      const runs = readRuns(results.runs, comparison);
      const kept = await this.putComparison(comparison, name.replace(/\.json$/i, ""));
      if ("problems" in kept) return kept;
      const shelf = await this.shelf();
      for (const run of runs) await shelf.keep(kept.record.id, run, []);
      return this.kept(kept.record);
    });
}

const notKept = (e: Error): Problem => ({
  where: "comparison",
  what: `its files are not kept (${e.message || e.name})`,
  hint: "To go on with it after a reload, give them again.",
  level: "warning",
});

async function answer<T>(fn: () => Promise<T>): Promise<T | Problems> {
  try {
    return await fn();
  } catch (e) {
    return { problems: [problemOf(e)] };
  }
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(name, `is not JSON (${(cause as Error).message.split("\n")[0]})`, "Take a comparison file, or a results.json.");
  }
}
