// rank-views.ts — what a cell of the map can show: a value per site, how it becomes a colour, how margins add up.
import type { SiteInfo } from "../../protocol.ts";
import type { SitesWindow } from "../fold.ts";
import { count, percent, short, tiny } from "../format.ts";
import { text } from "../strings.ts";

export type ViewName = "rank" | "score" | "order" | "on" | "delta" | "gradient" | "parameters";

/** What is known about the sites beside their ranks, in their order. */
export interface Measured {
  window?: SitesWindow;
  /** Of the allocation that is shown. */
  scores?: readonly number[];
  /** Places by score, 1 is the best; 0: not adapted. */
  order?: readonly number[];
  /** Share of the run during which a site was on, 0..1. */
  on?: readonly number[];
}

export interface RankView {
  name: ViewName;
  title: string;
  help: string;
  /** Value of site i; null where there is none (not adapted, or nothing measured yet). */
  value(site: SiteInfo, i: number, measured: Measured): number | null;
  /** The value that two runs are compared by, where it is another one: a place that is not adapted has not moved, and a higher place is a smaller number. */
  compared?(site: SiteInfo, i: number, measured: Measured): number | null;
  /** 0..1 for the colour, given the largest and the smallest value of the scale (0, or below it). */
  tone(value: number, most: number, least: number): number;
  /** A site that is off has a value too. */
  alsoOff?: boolean;
  /** Margins: plain sums, means, or the norm of norms. */
  total(values: readonly number[]): number;
  totalTitle: string;
  /** At most four characters. */
  cell(value: number): string;
  full(value: number): string;
  /** In the margins; as a short number, unless told. */
  margin?(value: number): string;
  /** One colour scale for the whole history (true), or one per window. */
  acrossWindows: boolean;
}

export const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
export const norm = (values: readonly number[]): number => Math.sqrt(sum(values.map((v) => v * v)));
const linear = (value: number, most: number, least = 0): number => (most > least ? (value - least) / (most - least) : 0);
const mean = (values: readonly number[]): number => (values.length > 0 ? sum(values) / values.length : 0);
const { views, viewHelp, total, mean: meanTitle, norm: normTitle } = text.heatmap;

export const rankViews: readonly RankView[] = [
  {
    name: "rank",
    title: views.rank,
    help: viewHelp.rank,
    value: (site) => site.r,
    tone: (value, most) => linear(Math.log2(1 + value), Math.log2(1 + most)),
    total: sum,
    totalTitle: total,
    cell: String,
    full: String,
    acrossWindows: true,
  },
  {
    name: "score",
    title: views.score,
    help: viewHelp.score,
    value: (_, i, { scores, order }) => (order?.[i] ? scores![i] : null),
    tone: linear,
    alsoOff: true,
    total: sum,
    totalTitle: total,
    cell: tiny,
    full: short,
    acrossWindows: false,
  },
  {
    name: "order",
    title: views.order,
    help: viewHelp.order,
    value: (_, i, { order }) => order?.[i] || null,
    compared: (_, i, { order }) => (order?.[i] ? -order[i] : null),
    tone: (value, most) => (most > 1 ? 1 - (value - 1) / (most - 1) : 1),
    alsoOff: true,
    total: mean,
    totalTitle: meanTitle,
    cell: String,
    full: short,
    acrossWindows: false,
  },
  {
    name: "on",
    title: views.on,
    help: viewHelp.on,
    value: (_, i, { on, order }) => (order?.[i] && on ? on[i] : null),
    compared: (site, i, { on }) => on?.[i] ?? (site.parameters > 0 ? 1 : 0),
    tone: (value) => value,
    alsoOff: true,
    total: mean,
    totalTitle: meanTitle,
    cell: (value) => `${Math.round(100 * value)}%`,
    full: percent,
    margin: (value) => `${Math.round(100 * value)}%`,
    acrossWindows: true,
  },
  {
    name: "delta",
    title: views.delta,
    help: viewHelp.delta,
    value: (site, i, { window }) => (site.parameters > 0 ? (window?.deltaNorm[i] ?? null) : null),
    compared: (site, i, { window }) => (window ? (site.parameters > 0 ? window.deltaNorm[i] : 0) : null),
    tone: linear,
    total: norm,
    totalTitle: normTitle,
    cell: tiny,
    full: short,
    acrossWindows: true,
  },
  {
    name: "gradient",
    title: views.gradient,
    help: viewHelp.gradient,
    value: (site, i, { window }) => (site.parameters > 0 ? (window?.gradNorm[i] ?? null) : null),
    tone: linear,
    total: norm,
    totalTitle: normTitle,
    cell: tiny,
    full: short,
    acrossWindows: false,
  },
  {
    name: "parameters",
    title: views.parameters,
    help: viewHelp.parameters,
    value: (site) => site.parameters,
    tone: linear,
    total: sum,
    totalTitle: total,
    cell: tiny,
    full: count,
    acrossWindows: true,
  },
];

/** Ranks up to here share one scale, so that a rank has the same colour in every run. */
const usualRank = 32;

/** The largest value that the scale of `view` has to hold. */
export function largest(view: RankView, sites: readonly SiteInfo[], windows: readonly SitesWindow[], shown: Measured): number {
  const all = view.acrossWindows && view.name === "delta" ? windows.map((window) => ({ window })) : [shown];
  const floor = view.name === "rank" ? usualRank : view.name === "on" ? 1 : 0;
  return Math.max(floor, ...all.map((measured) => Math.max(0, ...sites.map((site, i) => view.value(site, i, measured) ?? 0))));
}
