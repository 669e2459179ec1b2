// shown.ts — what the map has to show: a run as it was at a moment of its history, or the next run as it is set up. Pure.
import type { Allocated, SiteInfo } from "../../protocol.ts";
import { adapted } from "../agreement.ts";
import { rankedAs, type Allocation, type RunView, type SitesWindow } from "../fold.ts";
import { onShare, rankOrder } from "./allocations.ts";
import type { Measured } from "./rank-views.ts";

/** Arrays are in the order of the sites. */
export interface Shown {
  sites: readonly SiteInfo[];
  measured: Measured;
  /** All windows of the run, for a colour scale that holds for its whole history. */
  windows: readonly SitesWindow[];
  /** Up to the moment that is shown. */
  allocations: readonly Allocation[];
}

/** Of a run, what its map is made of: it changes a few times per second at most, not with every step. */
export type Mapped = Pick<RunView, "sites" | "windows" | "moments" | "allocations" | "plan">;

/** at: which of run.moments; null: the newest. dynamic: places go on and off while it trains. */
export function shownOfRun(run: Mapped, dynamic: boolean, at: number | null): Shown {
  const moment = run.moments[at ?? run.moments.length - 1];
  const sites = at === null ? run.sites : (moment?.sites ?? run.sites);
  const allocations = run.allocations.slice(0, moment?.allocations ?? 0);
  const allocation = allocations.at(-1);
  const window = moment?.window;
  const shown = { sites, windows: run.windows, allocations };
  if (!allocation || !run.plan) return { ...shown, measured: { window } };
  const order = rankOrder(allocation.scores, adapted(run.plan.sites));
  const on = dynamic ? onShare(allocations, Math.max(allocation.step, moment.step)) : undefined;
  return { ...shown, measured: { window, scores: allocation.scores, order, on } };
}

/** Of the next run: `scores` of its modules, where they were made, and what its allocation makes of them. */
export function shownOfSetup(planned: readonly SiteInfo[], scores: readonly number[] | null, preview: Allocated | null): Shown {
  const sites = preview?.ranks.length === planned.length ? rankedAs(planned, preview.ranks) : planned;
  const measured = scores?.length === planned.length ? { scores, order: rankOrder(scores, adapted(planned)) } : {};
  return { sites, measured, windows: [], allocations: [] };
}

/** The moment of `run` that a step belongs to: the last one not after it, or the first. null: there is none. */
export function momentAt(run: Pick<RunView, "moments">, step: number): number | null {
  const after = run.moments.findIndex((moment) => moment.step > step);
  if (run.moments.length === 0) return null;
  return after < 0 ? run.moments.length - 1 : Math.max(0, after - 1);
}
