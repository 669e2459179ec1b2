// agreement.ts — how far scores by several proxies agree on the same modules: rank correlation, and how many of the best they share. Pure.
import { correlation } from "../statistics/rank-correlation.ts";
import { topOverlap } from "../statistics/top-overlap.ts";
import type { SiteInfo } from "../protocol.ts";
import { csv } from "./csv.ts";
import { rankOrder } from "./charts/allocations.ts";
import { layerField } from "./charts/layers.ts";

export type Measure = "correlation" | "overlap";
export interface Scored {
  name: string;
  title: string;
  /** In the order of the sites. */
  scores: readonly number[];
}

/** What can be scored: adapted, whatever its rank will be. */
export const adapted = (sites: readonly SiteInfo[]): boolean[] => sites.map((site) => site.parameters > 0);

export const allTied = (scores: readonly number[], there: readonly boolean[]): boolean => new Set(scores.filter((_, i) => there[i])).size < 2;

/** Row by row. null: of a proxy with itself, or no order to compare. correlation in [−1, 1], overlap in [0, 1]; k: how many are the best. */
export function agreement(measure: Measure, proxies: readonly Scored[], there: readonly boolean[], k: number): (number | null)[][] {
  const own = proxies.map(({ scores }) => scores.filter((_, i) => there[i]));
  return own.map((a, row) =>
    own.map((b, column) => {
      if (row === column) return null;
      return measure === "correlation" ? correlation(a, b) : topOverlap(a, b, k);
    }),
  );
}

/** A row per scored site: its score and place by each proxy. */
export function scoresCsv(sites: readonly SiteInfo[], proxies: readonly Scored[]): string {
  const there = adapted(sites);
  const orders = proxies.map(({ scores }) => rankOrder(scores, there));
  const rows = sites.flatMap((site, i) =>
    there[i] ? [[site.name, layerField(site.layer), site.module, ...proxies.flatMap(({ scores }, p) => [scores[i], orders[p][i]])]] : [],
  );
  return csv(["site", "layer", "module", ...proxies.flatMap(({ name }) => [name, `${name}_place`])], rows);
}

export function agreementCsv(proxies: readonly Scored[], table: readonly (readonly (number | null)[])[]): string {
  return csv(["proxy", ...proxies.map(({ name }) => name)], proxies.map(({ name }, row) => [name, ...table[row]])); // prettier-ignore
}
