// allocation.ts — from scores to who is on: an allocation's configuration resolved against a model, decided, told, and carried out, once before
// training or again and again within it.

import { type Allocator, type SiteSize, bounds, cost, limit, spent } from "../allocators/allocator.ts";
import { type AllocatorName, allocators } from "../allocators/index.ts";
import { hash, shuffle } from "../data/random.ts";
import { matchTarget, patternValue } from "../formats/peft.ts";
import { ConfigError } from "../models/model.ts";
import type { AllocationConfig, RunConfig, TrainEvent } from "../protocol.ts";
import { type ProxyName, proxies } from "../proxies/index.ts";
import { schedules } from "../schedules/index.ts";
import type { Action } from "../schedules/schedule.ts";
import { type Ranking, rankingsOf } from "./rankings.ts";
import { calibrationBatches, scoreSites } from "./score.ts";
import type { Run } from "./run.ts";
import { type Target, siteInfos, withRanks } from "./subject.ts";
import type { TrainData } from "./rows.ts";

/** An allocation as it is for one model. Arrays are in the order of the adapted sites. */
export interface Resolved {
  readonly config: AllocationConfig;
  readonly names: readonly string[];
  readonly sites: readonly SiteSize[];
  readonly rankings: readonly Ranking[];
  /** Ranks set by hand. */
  readonly ranks: readonly number[];
  readonly max: number;
  /** Worth knowing before the start: about which field, what, what to do. */
  readonly notes: readonly { where: string; text: string; hint: string }[];
}

/** Throws ConfigError naming the field: a budget below one module, a module that the model does not have, no adapter to allocate. */
export function resolveAllocation(target: Target, run: RunConfig): Resolved | null {
  const config = run.allocation;
  if (!config) return null;
  if (!target.ranks.size) throw new ConfigError("allocation", `method "${run.method}" has no ranks to allocate`, 'Take method "lora", or allocation null.');
  const adapted = target.sites.filter((s) => target.ranks.has(s.name));
  const known = (field: string, names: readonly string[]): void => {
    for (const name of names)
      if (!adapted.some((s) => matchTarget({ target_modules: [name] }, s.name)))
        throw new ConfigError(field, `${JSON.stringify(name)} is no adapted module of this model`, `Adapted: ${[...new Set(adapted.map((s) => s.name.split(".").at(-1)))].join(", ")}.`); // prettier-ignore
  };
  known("allocation.locked", config.locked);
  known("allocation.excluded", config.excluded);
  known("allocation.ranks", Object.keys(config.ranks));
  const named = (names: readonly string[], site: string): boolean => names.length > 0 && matchTarget({ target_modules: [...names] }, site);
  const sites = adapted.map((s) => ({
    in: s.in,
    out: s.out,
    r: target.ranks.get(s.name)!.r,
    locked: named(config.locked, s.name),
    excluded: named(config.excluded, s.name),
  }));
  adapted.forEach((s, i) => {
    if (sites[i].locked && sites[i].excluded) throw new ConfigError("allocation.locked", `${s.name} is locked and excluded`, "Take it off one of the two.");
  });

  const { onOff } = allocatorOf(config);
  const rankings = rankingsOf(config, sites, adapted.map((s) => s.kind !== "linear"), onOff); // prettier-ignore
  const notes: Resolved["notes"][number][] = [];
  const toNote = (text: string, hint: string, field = "budget"): void => void notes.push({ where: `allocation.${field}`, text, hint });
  const max = config.max_rank ?? 4 * run.r;
  const o = { min: config.min_rank, max, step: config.rank_step };
  if (sites.every((s) => s.excluded)) throw new ConfigError("allocation.excluded", "leaves no module", "Take some off.");
  const unit = unitOf(rankings);
  for (const { what, places, budget } of rankings) {
    const these = places.map((i) => sites[i]);
    const there = these.filter((s) => !s.excluded);
    const most = there.reduce((sum, s) => sum + cost(s, onOff || s.locked ? s.r : bounds(s, o).most, budget), 0);
    const least = Math.min(...there.map((s) => cost(s, onOff ? s.r : o.step, budget)));
    const locked = these.reduce((sum, s) => sum + (s.locked ? cost(s, s.r, budget) : 0), 0);
    if (limit(budget) + 1e-9 < least && what === "modules") {
      const apart = rankings.length > 1;
      const given = `${JSON.stringify(config.budget)}${apart ? `, of which ${limit(budget)} ${unit} are not for shortcuts,` : ""}`;
      const remedy = apart ? 'Raise it, or rank all together: shortcuts "combined".' : `Raise it to ${Math.ceil(least)} ${unit} or more.`;
      throw new ConfigError("allocation.budget", `${given} pays for no module: the smallest costs ${least} ${unit}`, remedy);
    }
    if (locked > limit(budget) + 1e-9)
      throw new ConfigError("allocation.budget", `is ${limit(budget)} ${unit}, the locked ${what} alone cost ${locked}`, "Raise it, or unlock some.");
    if (limit(budget) + 1e-9 < least) toNote(`The budget's part for shortcuts, ${limit(budget)} ${unit}, pays for none.`, "Raise it, or rank all together.");
    if (limit(budget) >= most) {
      const all = `all ${there.length} ${what}${onOff ? "" : " at the largest rank"} (${most.toLocaleString("en")})`;
      toNote(
        `The budget of ${limit(budget).toLocaleString("en")} ${unit} pays for ${all}: scores do not matter.`,
        "Lower it, so that there is a choice to make.",
      );
    }
  }
  if (target.subject.adaptation.shortcuts === "norm")
    toNote("Shortcuts of this form norm hidden states once more, whether on or off: what is called base is the model with these norms.", 'Take "plain" to begin with the base itself.', "shortcut_form"); // prettier-ignore
  const ranks = adapted.map((s, i) => patternValue(config.ranks, s.name, sites[i].r, "allocation.ranks"));
  return { config, names: adapted.map((s) => s.name), sites, rankings, ranks, max, notes };
}

export const allocatorOf = ({ allocator }: AllocationConfig): Allocator => allocators[allocator as AllocatorName];

const unitOf = (rankings: readonly Ranking[]): "modules" | "parameters" => ("modules" in rankings[0].budget ? "modules" : "parameters");

/** What all rankings together may spend. */
export const budgetOf = ({ rankings }: Resolved): { budget: number; unit: "modules" | "parameters" } => ({
  budget: rankings.reduce((sum, { budget }) => sum + limit(budget), 0),
  unit: unitOf(rankings),
});

export interface Decision {
  /** Rank per adapted site; 0: off. */
  ranks: number[];
  spent: number;
  /** Rankings in which all scores were the same, so that chance decided. */
  tied: readonly { what: Ranking["what"]; scores: readonly number[] }[];
}

/** ties: the order of n tied sites of a ranking; seeded unless given. */
export function decide(
  a: Resolved,
  scores: readonly number[],
  seed: number,
  ties = (n: number, ranking: number): ArrayLike<number> => shuffle(n, seed + ranking),
): Decision {
  const allocator = allocatorOf(a.config);
  const { min_rank: min, rank_step: step } = a.config;
  const ranks = a.names.map(() => 0);
  const tied: Decision["tied"][number][] = [];
  let paid = 0;
  a.rankings.forEach(({ what, places, budget }, ranking) => {
    const sites = places.map((i) => a.sites[i]);
    const theirs = places.map((i) => scores[i]);
    const byHand = places.map((i) => a.ranks[i]);
    const given = allocator.allocate(theirs, sites, budget, { min, max: a.max, step, ties: (n) => ties(n, ranking), ranks: byHand });
    given.forEach((r, at) => (ranks[places[at]] = r));
    paid += spent(given, sites, budget);
    const free = theirs.filter((_, at) => !sites[at].locked && !sites[at].excluded);
    const [low, high] = [Math.min(...free), Math.max(...free)];
    if (!allocator.by && free.length > 1 && high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high))) tied.push({ what, scores: free });
  });
  return { ranks, spent: paid, tied };
}

/** Everything an allocation needs while a run goes on. */
export interface Allocating {
  data: TrainData;
  config: RunConfig;
  emit: (e: TrainEvent) => void;
  cancelled: () => boolean;
}

/** Scores and decides; tells the allocation and what is worth knowing about it. null: the person stopped. Throws RangeError for scores that are no numbers. */
export async function reallocate(run: Run, a: Resolved, step: number, how: Action["scores"], o: Allocating): Promise<Decision | null> {
  const began = performance.now();
  const proxy = proxies[how === "random" || allocatorOf(a.config).by ? "constant" : (a.config.proxy as ProxyName)];
  const batches = calibrationBatches(o.data, o.config, a.config.batches);
  const total = Math.ceil(proxy.passes(batches.length, a.names.length));
  const scored = await scoreSites(run, proxy, batches, {
    B: a.config.B,
    seed: o.config.train.seed,
    train: o.config.train,
    cancelled: o.cancelled,
    onPass: (done) => o.emit({ type: "progress", phase: "scoring", done: Math.min(done, total), total, unit: "passes" }),
  });
  if (!scored) return null;
  const decision = decide(a, scored.scores, hash(o.config.train.seed, step, 0xa110c));
  const note = (text: string): void => o.emit({ type: "note", step, text });
  if (step === 0) {
    for (const { text } of a.notes) note(text);
    if (batches.length < a.config.batches && total > 0)
      note(`There are ${batches.length} calibration batches, not ${a.config.batches}: the training rows hold no more.`);
  }
  if (scored.note) note(scored.note);
  if (!("random" in proxy))
    for (const { what, scores } of decision.tied)
      note(`${proxy.title}: all ${scores.length} scores are ${scores[0]}, so the ${what} are chosen at random (seed ${o.config.train.seed}).`);
  const place = new Map(a.names.map((name, i) => [name, i]));
  const inOrder = (values: readonly number[]): number[] => run.target.sites.map((s) => values[place.get(s.name) ?? -1] ?? 0);
  o.emit({
    type: "allocation",
    step,
    proxy: proxy.name,
    scores: inOrder(scored.scores),
    ranks: inOrder(decision.ranks),
    ...budgetOf(a),
    spent: decision.spent,
    milliseconds: performance.now() - began,
  });
  return decision;
}

export const offOf = (a: Resolved, { ranks }: Decision): ReadonlySet<string> => new Set(a.names.filter((_, i) => ranks[i] === 0));

/** The re-allocations of a dynamic allocation; null: it is none. */
export function whileTraining(run: Run, o: Allocating): { due(step: number): boolean; decide(step: number): Promise<string> } | null {
  // A static one is made by now: of what it left out, nothing is known here.
  const a = o.config.allocation?.when === "dynamic" ? resolveAllocation(run.target, o.config) : null;
  if (!a) return null;
  const { train } = o.config;
  const stepsPerEpoch = Math.max(1, Math.ceil(o.data.train.length / (train.batch_size * train.gradient_accumulation_steps)));
  const at = (step: number): Action | undefined => schedules.dynamic.actions(step, { ...a.config, steps: train.steps, stepsPerEpoch })[0];
  return {
    due: (step) => at(step) !== undefined,
    /** Empty, or what is wrong with the scores: the sites that are on are then left as they are, as they are where the person stops. */
    async decide(step) {
      try {
        const decision = await reallocate(run, a, step, at(step)!.scores, o);
        if (decision) run.allocate(offOf(a, decision));
        return "";
      } catch (e) {
        if (e instanceof RangeError) return e.message;
        throw e;
      }
    },
  };
}

/** The run for a static allocation: another one, on the same weights, whose sites have the ranks they were given. Any other run is left as it is. */
export async function allocateOnce(run: Run, rebuild: (target: Target) => Promise<Run>, o: Allocating): Promise<Run> {
  const a = o.config.allocation?.when === "static" ? resolveAllocation(run.target, o.config) : null;
  if (!a) return run;
  const decision = await reallocate(run, a, 0, "proxy", o);
  if (!decision) return run;
  const now = await rebuild(withRanks(run.target, new Map(a.names.map((name, i) => [name, decision.ranks[i]]))));
  o.emit({ type: "ranks", step: 0, sites: siteInfos(now.target) });
  return now;
}
