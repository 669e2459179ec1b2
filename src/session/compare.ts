// compare.ts — the runs of a comparison: model and rows opened once, every arm checked and sized before the first run, then one (arm, seed) at a time
// from its configuration to what its rows came to. The page's session and the command line both run it.

import { DataError } from "../data/error.ts";
import type { Backend } from "../engine/backend.ts";
import { ConfigError } from "../models/model.ts";
import type { Phase, RunConfig, TrainEvent } from "../protocol.ts";
import type { Arm, ArmResult, ArmRun, ArmSize, Comparison, Outcomes } from "../protocol/comparison.ts";
import { armSize, equalSize, mayEqual, trainedBeside } from "../train/compare-size.ts";
import { baselineOf, configOf } from "../train/compare.ts";
import { predict } from "../train/classify.ts";
import { Control } from "../train/control.ts";
import { estimate } from "../train/estimate.ts";
import { answered } from "../train/evaluate.ts";
import { type Room, doesNotFit } from "../train/fit.ts";
import { metrics } from "../train/metrics.ts";
import { type TrainData, digestOfAll } from "../train/rows.ts";
import type { Run } from "../train/run.ts";
import { train } from "../train/trainer.ts";
import { type LoadContext, type Loaded, type LoadedData, type LoadedModel, load, loadData, loadModel } from "./load.ts";
import { isAborted, problemOf } from "./problem.ts";
import { begun } from "./start.ts";

/** Opens what a configuration names; asked again for the same model and rows it has them at hand. */
export type Open = (config: RunConfig) => Promise<Loaded>;
/** The same where several ask: of one asker only the newest question counts, an older one rejects with an AbortError. */
export type OpenFor = (config: RunConfig, who: object, onProgress?: (phase: Phase) => void) => Promise<Loaded>;

/** An opener that keeps one model and its rows. */
export function opener(context: LoadContext): Open {
  let model: { source: string; loaded: LoadedModel } | null = null;
  let data: { key: string; rows: LoadedData } | null = null;
  return async (config) => {
    const { source } = config.model;
    if (model?.source !== source) model = { source, loaded: await loadModel(source, context) };
    const key = JSON.stringify([config.model, config.data]);
    if (data?.key !== key) data = { key, rows: await loadData(config, context, model.loaded) };
    return load(config, context, model.loaded, data.rows);
  };
}

/** A comparison that can begin. */
export interface Opened {
  comparison: Comparison;
  open: Open;
  /** By arm's name. */
  sizes: ReadonlyMap<string, ArmSize>;
  /** Of the rows, by arm's name. */
  digests: ReadonlyMap<string, number>;
  /** Rows looked at once, at the end; null: none but the held-out ones. */
  test: TrainData | null;
}

/** A result that stands: its rows are those there are now. */
export const stands = ({ digests }: Opened, { arm, rows, result }: ArmRun): boolean =>
  result !== undefined && (rows === undefined || rows === digests.get(arm));

/** Throws ConfigError, DataError, FormatError: no rows to measure on, an arm that does not fit the model, one that cannot train as many numbers as the baseline. */
export async function openComparison(comparison: Comparison, open: Open): Promise<Opened> {
  const base = configOf(comparison, baselineOf(comparison), comparison.seeds[0]);
  const test = comparison.test === null ? null : await testRows(comparison.test, base, open);
  const { rows } = await open(base);
  if (!rows.heldOut.length)
    throw new ConfigError("base, data.eval_share", "no rows are held out, so there is nothing to compare", "Raise it, or give data.eval_source.");
  if (test && `${test.metrics && test.classes}` !== `${rows.metrics && rows.classes}`)
    throw new ConfigError("test", `has the classes ${test.metrics && test.classes}, training ${rows.metrics && rows.classes}`, "Take rows of the same task.");
  const sizes = new Map<string, ArmSize>();
  const digests = new Map<string, number>();
  for (const arm of comparison.arms)
    await ofArm(arm, async () => {
      const config = configOf(comparison, arm, comparison.seeds[0]);
      const { target, rows } = await open(config);
      sizes.set(arm.name, armSize(target, config));
      digests.set(arm.name, digestOfAll(rows, test));
    });
  checkSizes(comparison, sizes);
  return { comparison, open, sizes, digests, test };
}

/** Throws ConfigError naming the field. */
export async function sizeOf(comparison: Comparison, arm: Arm, open: Open): Promise<ArmSize> {
  const config = configOf(comparison, arm, comparison.seeds[0]);
  return armSize((await open(config)).target, config);
}

/** Throws ConfigError for an arm that a device does not hold. */
export async function checkMemory({ comparison, open }: Opened, backend: "webgpu" | "wasm" | "reference", room: Room): Promise<void> {
  for (const arm of comparison.arms) {
    const config = configOf(comparison, arm, comparison.seeds[0]);
    const problem = doesNotFit(estimate((await open(config)).target, config, backend), room);
    if (problem) throw new ConfigError(`arm "${arm.name}", ${problem.where}`, problem.what, problem.hint);
  }
}

async function ofArm<T>({ name }: Arm, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (e) {
    if (isAborted(e)) throw e;
    const { where, what, hint } = problemOf(e);
    throw new ConfigError(`arm "${name}", ${where}`, what, hint);
  }
}

function checkSizes(comparison: Comparison, sizes: ReadonlyMap<string, ArmSize>): void {
  const baseline = baselineOf(comparison);
  const to = sizes.get(baseline.name)!;
  for (const { name, reference } of comparison.arms) {
    const own = sizes.get(name)!;
    if (reference || mayEqual(own, to)) continue;
    throw new ConfigError(
      `arm "${name}"`,
      `trains ${sizeText(own)} numbers (heads not counted), "${baseline.name}" ${sizeText(to)}: more than 1 % apart`,
      'Change r or allocation.budget until they are equal, or make it a reference ("reference": true).',
    );
  }
}

/** "9,216", or "8,192 to 12,288" where it hangs on which modules are chosen. */
export const sizeText = ({ least, most }: ArmSize): string =>
  equalSize(least, most) ? most.toLocaleString("en") : `${least.toLocaleString("en")} to ${most.toLocaleString("en")}`;

async function testRows(source: string, base: RunConfig, open: Open): Promise<TrainData> {
  try {
    return (await open({ ...base, data: { ...base.data, eval_source: source } })).rows;
  } catch (e) {
    if (isAborted(e)) throw e;
    const { where, what, hint } = problemOf(e);
    // Whatever is wrong with model and training rows is told where they are opened by themselves.
    await open(base);
    throw new ConfigError(where === "data.eval_source" ? "test" : `test, ${where}`, what, hint);
  }
}

export interface RunHooks {
  /** Opens the backend that the configuration names. */
  backend(config: RunConfig): Promise<Backend>;
  emit(e: TrainEvent): void;
  control: Control;
}

/** What goes wrong with the run is part of the answer. null: the person stopped it. */
export async function runArm(
  { comparison, open, digests, test }: Opened,
  arm: Arm,
  seed: number,
  { backend, emit, control }: RunHooks,
): Promise<ArmRun | null> {
  const config = configOf(comparison, arm, seed);
  const asked = { arm: arm.name, seed, config, test: comparison.test, rows: digests.get(arm.name) };
  const events: TrainEvent[] = [];
  let began = 0;
  const note = (e: TrainEvent): void => {
    if (e.type === "plan") began = performance.now();
    if (e.type === "evaluation" || e.type === "plan" || e.type === "state") events.push(e);
    emit(e);
  };
  let run: Run | null = null;
  try {
    const loaded = await open(config);
    // Answers to prompts cost time and say nothing that is compared.
    const rows: TrainData = { ...loaded.rows, prompts: [] };
    if (digestOfAll(rows, test) !== asked.rows)
      throw new DataError("data.source", "is not what the comparison began with", "Start it again: what was run on other rows is run anew");
    control.learningRate = config.train.learning_rate;
    run = await begun(config, loaded, backend, note, control.stopped);
    const { step } = await train(run, rows, config, control, note);
    const seconds = (performance.now() - began) / 1000;
    if (control.stopped()) return null;
    const failure = events.find((e) => e.type === "state" && e.state === "failed");
    if (failure?.type === "state")
      return { ...asked, ended: Date.now(), failed: { where: "run", what: failure.detail ?? "it failed", hint: failure.hint ?? "", level: "error" } };
    const judge = (part: TrainData, count = Infinity): Promise<Outcomes> => outcomes(run!, part, count, config);
    const validation = await judge(rows, config.train.eval_rows);
    const ended = test && (await judge(test));
    return {
      ...asked,
      ended: Date.now(),
      result: { ...resultOf(run, config, events), validation, ...(ended ? { test: ended } : {}), measure: measureOf(rows), steps: step, seconds },
    };
  } catch (e) {
    return control.stopped() ? null : { ...asked, ended: Date.now(), failed: problemOf(e) };
  } finally {
    run?.destroy();
    run?.backend.destroy();
  }
}

function resultOf(
  run: Run,
  config: RunConfig,
  events: readonly TrainEvent[],
): Pick<ArmResult, "base" | "best" | "trainable" | "bytes" | "backend" | "adapterName"> {
  const evaluations = events.filter((e) => e.type === "evaluation");
  const after = evaluations.filter((e) => e.step > 0);
  const best = after.reduce<(typeof after)[number] | null>((a, b) => (a && a.metric >= b.metric ? a : b), null);
  const backend = run.backend.name;
  return {
    base: evaluations.find((e) => e.step === 0)?.metric ?? null,
    best: best && { step: best.step, metric: best.metric },
    trainable: trainedBeside(run.target, run.off),
    bytes: estimate(run.target, config, backend).memory.total,
    backend,
    adapterName: run.backend.adapter,
  };
}

const measureOf = (rows: TrainData): string => rows.metrics?.[0] ?? "exact match";

/** The first `count` rows of a part, each as predicted and as it should be. */
async function outcomes(run: Run, data: TrainData, count: number, config: RunConfig): Promise<Outcomes> {
  const { batch_size: batch } = config.train;
  const { max_length: length } = config.data;
  if (!data.metrics) {
    const rows = (await answered(run, data.heldOut.slice(0, count), batch, length))!;
    const [loss, tokens] = [rows.reduce((sum, r) => sum + r.loss, 0), rows.reduce((sum, r) => sum + r.tokens, 0)];
    const predicted = rows.map((r) => Number(r.exact));
    const right = predicted.reduce((a, b) => a + b, 0);
    return { loss: loss / Math.max(1, tokens), metrics: { "exact match": right / rows.length }, predicted, truth: rows.map(() => 1) };
  }
  const examples = data.heldOut.slice(0, count);
  const said = (await predict(run, examples, batch, length))!;
  const predicted = said.map((p) => p.label);
  const truth = examples.map((e) => e.label);
  const values = Object.fromEntries(data.metrics.map((name) => [name, metrics[name](predicted, truth)]));
  return { loss: said.reduce((sum, p) => sum + p.loss, 0) / said.length, metrics: values, predicted, truth };
}
