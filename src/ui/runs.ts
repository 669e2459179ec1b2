// runs.ts — the runs that the page can look back at: what each was asked to do, and what its events made of it. Pure.
import type { Catalogue, RunConfig, TrainEvent } from "../protocol.ts";
import { amountOf, unitOf } from "./budget.ts";
import { emptyRun, fold, type RunView } from "./fold.ts";
import { count, percent } from "./format.ts";
import { decidedBy } from "./scoring.ts";
import { text } from "./strings.ts";

export interface PastRun {
  id: string;
  name: string;
  config: RunConfig;
  run: RunView;
}

/** The run that a log tells of. */
export const replay = (events: readonly TrainEvent[]): RunView => events.reduce(fold, emptyRun());

const most = 20;

/** The list with one more, the newest last; the oldest go. A run that never had a map is not worth keeping. */
export const withRun = (runs: readonly PastRun[], one: PastRun): readonly PastRun[] =>
  one.run.moments.length === 0 ? runs : [...runs.filter(({ id }) => id !== one.id), one].slice(-most);

/** "top-k by grad-norm, 25 %": what tells one run's map from another's. */
export function describeRun(catalogue: Pick<Catalogue, "allocators">, config: RunConfig): string {
  const { method, r, rank_pattern, allocation } = config;
  if (method === "full") return text.runs.full;
  if (!allocation) return Object.keys(rank_pattern).length > 0 ? text.runs.byHand : text.runs.rank(r);
  const amount = amountOf(allocation.budget);
  const budget = { share: percent(amount), modules: text.runs.modules(count(amount)), parameters: text.runs.parameters(count(amount)) };
  const proxy = decidedBy(catalogue, config) === "scores" ? allocation.proxy : null;
  const words = text.runs.allocated(allocation.allocator, proxy, budget[unitOf(allocation.budget)]);
  return allocation.when === "dynamic" ? `${words}, ${allocation.when}` : words;
}
