// score.ts — the modules of a configuration scored before any training: on a run of its own, which is gone afterwards.

import type { Backend } from "../engine/backend.ts";
import { ConfigError } from "../models/model.ts";
import type { Allocated, Problem, RunConfig, Scores, ScoringCost } from "../protocol.ts";
import { figures, proxies } from "../proxies/index.ts";
import type { Figure, RankProxy } from "../proxies/proxy.ts";
import { budgetOf, decide, resolveAllocation } from "../train/allocation.ts";
import { firstAllocation } from "../train/config.ts";
import { estimate } from "../train/estimate.ts";
import type { Run } from "../train/run.ts";
import { calibrationBatches, probing, scoreSites } from "../train/score.ts";
import { scoringCost } from "../train/score-cost.ts";
import { siteInfos } from "../train/subject.ts";
import { hash } from "../data/random.ts";
import type { Loaded } from "./load.ts";
import { longestBatch, start } from "./start.ts";

const ranking: Readonly<Record<string, RankProxy>> = proxies;
const describing: Readonly<Record<string, Figure>> = figures;

/** Throws ConfigError for a name that is no proxy and no figure. */
export function checkProxyNames(names: readonly string[]): void {
  for (const name of names)
    if (!Object.hasOwn(ranking, name) && !Object.hasOwn(describing, name))
      throw new ConfigError("proxies", `${JSON.stringify(name)} is no score`, `There is ${[...Object.keys(ranking), ...Object.keys(describing)].join(", ")}.`);
}

/** Throws ConfigError for a name that is no proxy and no figure, and where nothing is adapted. */
export function checkProxies(names: readonly string[], { target }: Loaded): void {
  checkProxyNames(names);
  if (!target.ranks.size) throw new ConfigError("method", "adapts no modules, so there is nothing to score", 'Take method "lora".');
}

/** What is worth knowing of a configuration's allocation before the start. */
export function allocationWarnings(config: RunConfig, loaded: Loaded): Problem[] {
  const a = resolveAllocation(loaded.target, config);
  if (!a) return [];
  const there = Math.ceil(loaded.rows.train.length / config.train.batch_size);
  const few = a.config.batches > there ? [`there are ${there} calibration batches, not ${a.config.batches}`] : [];
  const warning = (where: string, what: string, hint: string): Problem => ({ where, what, hint, level: "warning" });
  return [
    ...a.notes.map(({ where, text, hint }) => warning(where, text, hint)),
    ...few.map((what) => warning("allocation.batches", what, "Those that are there are used.")),
  ];
}

/** Of one scoring by a proxy or figure. */
export function costOf(name: string, config: RunConfig, loaded: Loaded): Omit<ScoringCost, "seconds"> {
  const { batches = firstAllocation.batches } = config.allocation ?? {};
  const { batch_size: B, gradient_accumulation_steps: accumulation } = config.train;
  const there = Math.min(batches, Math.ceil(loaded.rows.train.length / B));
  const { flopsPerStep } = estimate(loaded.target, config);
  return scoringCost(ranking[name] ?? describing[name], loaded.target, there, B, longestBatch(config, loaded.rows.train), flopsPerStep / accumulation);
}

/**
 * Destroys what it makes, the backend too. Where the person stops, what is complete comes back; null: nothing is. Of several proxies one may fail
 * without the others; where none is left, its RangeError is thrown.
 */
export async function scoreRun(
  config: RunConfig,
  loaded: Loaded,
  backend: Backend,
  names: readonly string[],
  cancelled: () => boolean,
  onProgress: (proxy: string, done: number, total: number) => void,
): Promise<Scores | null> {
  let run: Run | undefined;
  try {
    run = await start(config, loaded, backend, () => {});
    const { batches: count, B } = config.allocation ?? firstAllocation;
    const batches = calibrationBatches(loaded.rows, config, count);
    const out: Scores = { sites: siteInfos(loaded.target), scores: {}, figures: {}, milliseconds: {}, notes: {} };
    const adapted = out.sites.map((s) => s.r > 0);
    let failure: RangeError | undefined;
    let complete = 0;
    for (const name of names) {
      const began = performance.now();
      const proxy = ranking[name] ?? describing[name];
      const total = Math.max(1, Math.ceil(proxy.passes(batches.length, loaded.target.ranks.size)));
      onProgress(name, 0, total);
      const onPass = (done: number): void => onProgress(name, Math.min(done, total), total);
      const o = { B, seed: config.train.seed, train: config.train, cancelled, onPass };
      try {
        if (Object.hasOwn(ranking, name)) {
          const scored = await scoreSites(run, ranking[name], batches, o);
          if (!scored) return complete ? out : null;
          const values = [...scored.scores];
          out.scores[name] = adapted.map((there) => (there ? values.shift()! : 0));
          if (scored.note) out.notes[name] = scored.note;
        } else {
          const figured = await probing(run, batches, o, "holds", (probe) => describing[name].figure(probe));
          if (!figured) return complete ? out : null;
          out.figures[name] = figured.value;
        }
        complete++;
      } catch (e) {
        if (!(e instanceof RangeError)) throw e;
        failure = e;
        out.failed = { ...out.failed, [name]: e.message };
      }
      out.milliseconds[name] = performance.now() - began;
    }
    if (failure && !complete) throw failure;
    return out;
  } finally {
    run?.destroy();
    backend.destroy();
  }
}

/** Scores in the order of the sites. Throws ConfigError where there is no allocation, or not a score per site. */
export function allocateScores(config: RunConfig, { target }: Loaded, scores: readonly number[]): Allocated {
  const a = resolveAllocation(target, config);
  if (!a) throw new ConfigError("allocation", "is null", "Choose a score, an allocation and a budget.");
  if (scores.length !== target.sites.length || !scores.every(Number.isFinite))
    throw new ConfigError("scores", `are not one finite number for each of the ${target.sites.length} modules`, "Score the modules again.");
  const place = new Map(a.names.map((name, i) => [name, i]));
  const own = a.names.map((name) => scores[target.sites.findIndex((s) => s.name === name)]);
  const { ranks, spent, tied } = decide(a, own, hash(config.train.seed, 0, 0xa110c));
  const notes = [...a.notes.map(({ text }) => text), ...(tied.length ? ["All scores are the same: chance decides."] : [])];
  return {
    ranks: target.sites.map((s) => ranks[place.get(s.name) ?? -1] ?? 0),
    ...budgetOf(a),
    spent,
    notes,
  };
}
