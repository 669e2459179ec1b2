// picture.ts — a view of the sites, painted: for each cell what it shows, says and is coloured with, sums for the margins, and the scale. The map
// draws pictures and does not know what they are of.
import type { SiteInfo } from "../../protocol.ts";
import { count, short, tiny } from "../format.ts";
import { text } from "../strings.ts";
import { layerWords } from "./layers.ts";
import { largest, type Measured, type RankView } from "./rank-views.ts";
import { gradient, viridis, type Colour } from "./scale.ts";
import type { Shown } from "./shown.ts";

export interface Painted {
  shows: string;
  /** For a screen reader, and as a tooltip. */
  label: string;
  /** Absent: there is nothing to colour. */
  colour?: Colour;
  /** Not adapted, or nothing known. */
  off: boolean;
  /** May be on, and is not: an outline only, in its colour. */
  hollow: boolean;
}

export interface Scale {
  from: string;
  to: string;
  gradient: string;
}

export interface Picture {
  /** In the order of the sites. */
  cells: readonly Painted[];
  /** Of some places, for the margins: a sum, mean or norm. */
  total(places: readonly number[]): number;
  totalTitle: string;
  /** A total as it stands in the margin, and in full. */
  margin(total: number): string;
  full(total: number): string;
  scale: Scale;
}

/** `view` of what is shown. */
export function pictureOf(view: RankView, { sites, measured, windows }: Omit<Shown, "allocations">): Picture {
  const values = sites.map((site, i) => view.value(site, i, measured));
  const most = largest(view, sites, windows, measured);
  const least = Math.min(0, ...values.map((value) => value ?? 0));
  const cells = sites.map((site, i): Painted => {
    const value = values[i];
    const off = view.alsoOff ? value === null : view.name === "rank" ? site.r === 0 : site.parameters === 0;
    const tone = off || value === null ? null : view.tone(value, most, least);
    const hollow = (measured.order?.[i] ?? 0) > 0 && (view.name === "on" ? value === 0 : site.r === 0);
    return {
      shows: off ? "·" : value === null ? "" : view.cell(value),
      label: labelOf(site, i, measured),
      colour: tone === null || (hollow && tone === 0) ? undefined : viridis(tone),
      off,
      hollow,
    };
  });
  const order = view.name === "order";
  return {
    cells,
    total: (places) => view.total(places.map((i) => values[i]).filter((value) => value !== null)),
    totalTitle: view.totalTitle,
    margin: view.margin ?? tiny,
    full: view.full,
    scale: { from: order ? count(most) : least === 0 ? "0" : view.full(least), to: order ? "1" : view.full(most), gradient },
  };
}

/** "layer 3, v_proj" */
export const placeOf = (site: SiteInfo): string => `${layerWords(site.layer)}, ${site.module}`;

/** "layer 3, v_proj: rank 8, score 0.81 (place 2), gradient 0.31, ‖ΔW‖ 0.52, 2,048 parameters" */
function labelOf(site: SiteInfo, i: number, { window, scores, order }: Measured): string {
  const scored = order?.[i] ? `, ${text.heatmap.place(short(scores![i]), order[i])}` : "";
  const measured =
    window && site.parameters > 0 ? `, ${text.table.gradNorm} ${short(window.gradNorm[i])}, ${text.table.deltaNorm} ${short(window.deltaNorm[i])}` : "";
  const rank = site.r > 0 ? `${text.table.rank} ${site.r}` : site.parameters > 0 ? text.heatmap.inFull : text.heatmap.off;
  return `${placeOf(site)}: ${rank}${scored}${measured}, ${count(site.parameters)} ${text.table.parameters}`;
}
