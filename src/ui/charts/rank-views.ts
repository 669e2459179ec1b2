// rank-views.ts — what a cell of the map can show: a value per site, how it becomes a colour, how margins add up.
import type { SiteInfo } from "../../protocol.ts";
import type { SitesWindow } from "../fold.ts";
import { count, short, tiny } from "../format.ts";
import { text } from "../strings.ts";

export type ViewName = "rank" | "delta" | "gradient" | "parameters";

export interface RankView {
  name: ViewName;
  title: string;
  help: string;
  /** Value of site i; null where there is none (not adapted, or nothing measured yet). */
  value(site: SiteInfo, i: number, window: SitesWindow | undefined): number | null;
  /** 0..1 for the colour, given the largest value shown. */
  tone(value: number, most: number): number;
  /** Margins: plain sums, or the norm of norms. */
  total(values: readonly number[]): number;
  totalTitle: string;
  /** At most four characters. */
  cell(value: number): string;
  full(value: number): string;
  /** One colour scale for the whole history (true), or one per window. */
  acrossWindows: boolean;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const norm = (values: readonly number[]): number => Math.sqrt(sum(values.map((v) => v * v)));
const linear = (value: number, most: number): number => (most > 0 ? value / most : 0);
const { views, viewHelp, total, norm: normTitle } = text.heatmap;

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
    name: "delta",
    title: views.delta,
    help: viewHelp.delta,
    value: (site, i, window) => (site.parameters > 0 ? (window?.deltaNorm[i] ?? null) : null),
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
    value: (site, i, window) => (site.parameters > 0 ? (window?.gradNorm[i] ?? null) : null),
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
export function largest(view: RankView, sites: readonly SiteInfo[], windows: readonly SitesWindow[], shown: SitesWindow | undefined): number {
  const all = view.acrossWindows && view.name === "delta" ? windows : [shown];
  return Math.max(view.name === "rank" ? usualRank : 0, ...all.map((window) => Math.max(0, ...sites.map((site, i) => view.value(site, i, window) ?? 0))));
}
