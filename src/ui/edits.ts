// edits.ts — what an edit makes of the configuration, and of its sites ahead of the next preflight. Pure.
import type { Allocated, Catalogue, RunConfig, SiteInfo } from "../protocol.ts";
import { setField, type FieldPath, type FieldValue } from "./fields.ts";
import { decidedBy } from "./scoring.ts";
import { allByHand, oneScale, withHandRank, withRank } from "./with-rank.ts";

export interface Planned {
  config: RunConfig;
  sites: readonly SiteInfo[];
}

/** One field of the form. allocated: what the map shows. */
export function withField(catalogue: Catalogue, { config, sites }: Planned, allocated: Allocated | null, path: FieldPath, value: FieldValue): RunConfig {
  let next = setField(config, path, value);
  // Labelled data is of no use to a model that writes, and the other way round.
  const task = path === "data.source" && catalogue.data.find(({ name }) => name === value)?.task;
  if (task) next = setField(next, "model.task", task);
  if (path === "r" || path === "lora_alpha") return oneScale(next);
  // An allocation by hand begins with the ranks that the map shows.
  const begins = path === "allocation.allocator" && decidedBy(catalogue, next) === "hand" && Object.keys(next.allocation!.ranks).length === 0;
  if (!begins || allocated?.ranks.length !== sites.length) return next;
  const shown = sites.flatMap(({ name, r }, i) => (r > 0 ? [[name, allocated.ranks[i]]] : []));
  return setField(next, "allocation.ranks", Object.fromEntries(shown));
}

/** Rank r at the sites `names`: of the allocation where that is one by hand, else of the adapter. */
export function withRanks(catalogue: Catalogue, { config, sites }: Planned, names: readonly string[], r: number): Planned {
  const byHand = decidedBy(catalogue, config) === "hand";
  const places = sites.filter(({ name }) => names.includes(name));
  const hand = places.filter((site) => byHand && site.r > 0).map(({ name }) => name);
  // The rank of shortcuts is one for all of them, unless an allocation by hand says otherwise.
  const others = places.filter(({ name, kind }) => !kind && !hand.includes(name));
  const next = assigned({ config, sites }, others.map(({ name }) => ({ name, r }))); // prettier-ignore
  if (hand.length === 0) return next;
  return { ...next, config: { ...next.config, allocation: withHandRank(next.config.allocation!, sites, hand, r) } };
}

/** The ranks of `shown`, fixed: without an allocation, or by one by hand where there are shortcuts, which a rank_pattern cannot name. */
export function withRanksOf(catalogue: Catalogue, { config, sites }: Planned, shown: readonly SiteInfo[]): Planned {
  const byHand = catalogue.allocators.find(({ by }) => by === "hand")?.name;
  if (!config.allocation || !byHand || !shown.some(({ kind }) => kind)) return assigned({ config: { ...config, allocation: null }, sites }, shown);
  const adapted = new Set(sites.filter(({ r }) => r > 0).map(({ name }) => name));
  const allocation = allByHand(config.allocation, byHand, shown.filter(({ name }) => adapted.has(name))); // prettier-ignore
  return { config: { ...config, allocation }, sites };
}

function assigned({ config, sites }: Planned, ranks: readonly Pick<SiteInfo, "name" | "r">[]): Planned {
  for (const { name, r } of ranks) {
    config = withRank(config, sites, name, r);
    const alpha = (config.lora_alpha / config.r) * r;
    sites = sites.map((site) => (site.name === name ? { ...site, r, alpha, parameters: r * (site.in + site.out) } : site));
  }
  return { config, sites };
}
