// layers.ts — the rows and columns of the map. What lies outside of all layers (a pooler, project_in) has layer −1, and a row of its own at the end.
import type { SiteInfo } from "../../protocol.ts";
import { text } from "../strings.ts";

const outside = (layer: number): boolean => layer < 0;

export function layersOf(sites: readonly SiteInfo[]): number[] {
  const place = (layer: number): number => (outside(layer) ? Infinity : layer);
  return [...new Set(sites.map((site) => site.layer))].sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

export const modulesOf = (sites: readonly SiteInfo[]): string[] => [...new Set(sites.map((site) => site.module))];

/** At the head of a row: "3". */
export const layerHead = (layer: number): string => (outside(layer) ? text.heatmap.outside : String(layer));

/** In a sentence: "layer 3", "outside layers". */
export const layerWords = (layer: number): string => (outside(layer) ? text.heatmap.outsideLayers : `${text.heatmap.layer} ${layer}`);

/** In a file, where an empty field says that there is none. */
export const layerField = (layer: number): number | "" => (outside(layer) ? "" : layer);
