// with-rank.ts — a rank set by hand, written into a RunConfig as PEFT reads it: rank_pattern and alpha_pattern by full
// path, rank 0 by absence from target_modules, and one scale lora_alpha / r for all modules.
import type { AllocationConfig, RunConfig, SiteInfo } from "../protocol.ts";

/** The configuration in which the site `name` has rank `r` and all other sites keep theirs (as `sites` gives them). */
export function withRank(config: RunConfig, sites: readonly SiteInfo[], name: string, r: number): RunConfig {
  const next = sites.map((site) => (site.name === name ? { ...site, r } : site));
  if (!next.some((site) => site.name === name)) throw new Error(`no site is called "${name}"; the model has ${sites.length} sites`);
  const { [name]: _, ...others } = config.rank_pattern;
  // PEFT takes the first pattern that matches, so the full path goes before patterns such as "q_proj".
  const inherited = patternRank(others, name) ?? config.r;
  const rank_pattern = r === 0 || r === inherited ? others : { [name]: r, ...others };
  // target_modules names linear layers; shortcuts are adapted by the allocation.
  return oneScale({ ...config, rank_pattern, target_modules: targets(next.filter(({ kind }) => !kind)) });
}

/** `allocation` by hand in which the adapted sites `names` have rank `r`; marks that would overrule it are taken off. */
export function withHandRank(allocation: AllocationConfig, sites: readonly SiteInfo[], names: readonly string[], r: number): AllocationConfig {
  const others = Object.fromEntries(Object.entries(allocation.ranks).filter(([name]) => !names.includes(name)));
  const own = (name: string): number => patternRank(others, name) ?? sites.find((site) => site.name === name)!.r;
  const set = Object.fromEntries(names.filter((name) => r !== own(name)).map((name) => [name, r]));
  const unmarked = (list: readonly string[]): string[] => list.filter((name) => !names.includes(name));
  return { ...allocation, ranks: { ...set, ...others }, locked: unmarked(allocation.locked), excluded: unmarked(allocation.excluded) };
}

/** The ranks that an allocation by hand asks for, in the order of the sites; 0 where nothing is adapted or a mark leaves it out. */
export const handRanks = ({ ranks, excluded }: Pick<AllocationConfig, "ranks" | "excluded">, sites: readonly SiteInfo[]): number[] =>
  sites.map((site) => (site.r > 0 && !excluded.some((key) => suffix(site.name, key)) ? (patternRank(ranks, site.name) ?? site.r) : 0));

/** `allocation` with these ranks by hand, whatever it was before, and a budget that pays for them: for what a rank_pattern cannot name. */
export function allByHand(allocation: AllocationConfig, allocator: string, sites: readonly SiteInfo[]): AllocationConfig {
  const parameters = sites.reduce((sum, { r, in: inputs, out }) => sum + r * (inputs + out), 0);
  const ranks = Object.fromEntries(sites.map(({ name, r }) => [name, r]));
  const shortcuts = allocation.shortcuts === "off" ? "off" : "combined";
  return { ...allocation, allocator, when: "static", budget: { parameters }, ranks, locked: [], excluded: [], shortcuts };
}

/** alpha_pattern rewritten so that alpha = (lora_alpha / r) · rank for every entry of rank_pattern. */
export function oneScale(config: RunConfig): RunConfig {
  const scale = config.lora_alpha / config.r;
  const entries = Object.entries(config.rank_pattern).map(([key, rank]) => [key, scale * rank]);
  return { ...config, alpha_pattern: Object.fromEntries(entries) };
}

/** Short names where every layer of a module is adapted or none is; else the full paths of what is. */
function targets(sites: readonly SiteInfo[]): string[] {
  const modules = [...new Set(sites.map((site) => site.module))];
  const whole = modules.every((module) => new Set(sites.filter((site) => site.module === module).map((site) => site.r > 0)).size === 1);
  const adapted = sites.filter((site) => site.r > 0);
  return whole ? modules.filter((module) => adapted.some((site) => site.module === module)) : adapted.map((site) => site.name);
}

const suffix = (name: string, key: string): boolean => name === key || name.endsWith(`.${key}`);

/** Suffix match, as for target_modules. Patterns that are true regular expressions are left to the worker. */
function patternRank(pattern: Readonly<Record<string, number>>, name: string): number | undefined {
  const key = Object.keys(pattern).find((k) => suffix(name, k));
  return key === undefined ? undefined : pattern[key];
}
