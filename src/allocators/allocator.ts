// allocator.ts — what an allocator is: a pure function from scores and a budget to a rank per site. What it spends is never above the budget.

/** A site as an allocator sees it. */
export interface SiteSize {
  readonly in: number;
  readonly out: number;
  /** Rank when it is on. */
  readonly r: number;
  /** Keeps its rank, whatever its score. */
  readonly locked?: boolean;
  /** Gets nothing. */
  readonly excluded?: boolean;
}

export type Budget = { readonly modules: number } | { readonly parameters: number };

export interface AllocateOptions {
  /** Bounds of ranks and the step between them, where ranks are free. max 0: as large as the site allows. */
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Order in which n tied sites come: a permutation of 0 … n − 1, seeded. */
  readonly ties: (n: number) => ArrayLike<number>;
  /** Ranks set by hand (manual), by site. */
  readonly ranks?: readonly number[];
}

export interface Allocator {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly paper?: string;
  /** Ranks are 0 or the site's own: sites can be turned on and off while training. */
  readonly onOff: boolean;
  /** What decides, where scores do not: then nothing is scored. */
  readonly by?: "hand" | "nothing";
  /** scores and the result in the order of sites. */
  allocate(scores: readonly number[], sites: readonly SiteSize[], budget: Budget, o: AllocateOptions): number[];
}

/** What rank r costs at a site. In modules a site on at its own rank costs 1, other ranks their share of it. */
export const cost = (site: SiteSize, r: number, budget: Budget): number => ("modules" in budget ? r / site.r : r * (site.in + site.out));
export const limit = (budget: Budget): number => ("modules" in budget ? budget.modules : budget.parameters);
export const spent = (ranks: readonly number[], sites: readonly SiteSize[], budget: Budget): number =>
  sites.reduce((sum, s, i) => sum + cost(s, ranks[i], budget), 0);

/** Keeps an account: what fits, and what was given. Fractions of a module do not add up to a hair above the limit. */
export class Purse {
  readonly ranks: number[];
  private left: number;
  constructor(
    private readonly sites: readonly SiteSize[],
    private readonly budget: Budget,
  ) {
    this.left = limit(budget);
    this.ranks = sites.map(() => 0);
    sites.forEach((s, i) => {
      if (s.locked) this.give(i, s.r);
    });
  }
  /** Raises site i to rank r, if that can be paid. */
  give(i: number, r: number): boolean {
    const price = cost(this.sites[i], r, this.budget) - cost(this.sites[i], this.ranks[i], this.budget);
    if (price > this.left + 1e-9) return false;
    this.left -= price;
    this.ranks[i] = r;
    return true;
  }
}

/** Sites that are neither locked nor excluded, best first; ties in seeded order. */
export function bestFirst(values: readonly number[], sites: readonly SiteSize[], ties: AllocateOptions["ties"]): number[] {
  const free = sites.map((_, i) => i).filter((i) => !sites[i].locked && !sites[i].excluded);
  const groups = new Map<number, number[]>();
  for (const i of free) groups.set(values[i], [...(groups.get(values[i]) ?? []), i]);
  return [...groups.entries()]
    .sort(([a], [b]) => b - a)
    .flatMap(([, tied]) => (tied.length === 1 ? tied : Array.from(ties(tied.length), (position) => tied[position])));
}

/** Smallest multiple of step from min on, and the largest rank, that a site may have. */
export function bounds(site: SiteSize, { min, max, step }: Pick<AllocateOptions, "min" | "max" | "step">): { least: number; most: number } {
  const widest = Math.min(site.in, site.out, max || Infinity);
  const most = Math.floor(widest / step) * step;
  return { least: Math.min(most, Math.ceil(min / step) * step), most };
}
