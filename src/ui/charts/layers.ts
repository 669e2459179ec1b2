// layers.ts — the rows and columns of the map. What lies outside of all layers (a pooler, project_in) has layer −1, and a row of its own at the end.
import type { SiteInfo } from "../../protocol.ts";
import { text } from "../strings.ts";

const outside = (layer: number): boolean => layer < 0;

export function layersOf(sites: readonly SiteInfo[]): number[] {
  const place = (layer: number): number => (outside(layer) ? Infinity : layer);
  return [...new Set(sites.map((site) => site.layer))].sort((a, b) => (place(a) < place(b) ? -1 : 1));
}

export const modulesOf = (sites: readonly SiteInfo[]): string[] => [...new Set(sites.map((site) => site.module))];

/** At the head of a column: "q", "res 1", "cut ffn"; its whole name is the title. */
export const shortModule = (module: string): string =>
  module
    .replace(/_proj$/, "")
    .replace(/^residual_/, "res ")
    .replace(/^shortcut_/, "cut ");

/** Names such as "attention.output.dense" find no room side by side: they stand upright. */
export const longNames = (modules: readonly string[]): boolean => modules.some((module) => shortModule(module).length > 9);

/** At the head of a row: "3". */
export const layerHead = (layer: number): string => (outside(layer) ? text.heatmap.outside : String(layer));

/** In a sentence: "layer 3", "outside layers". */
export const layerWords = (layer: number): string => (outside(layer) ? text.heatmap.outsideLayers : `${text.heatmap.layer} ${layer}`);

/** In a file, where an empty field says that there is none. */
export const layerField = (layer: number): number | "" => (outside(layer) ? "" : layer);
