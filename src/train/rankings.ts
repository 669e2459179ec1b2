// rankings.ts — who competes with whom for what: all sites in one ranking, or modules and shortcuts in one each with a budget of its own. Shares are
// rounded as HeteroLoRA's authors do: floor(p · modules) + round(p · shortcuts), halves to even. arXiv 2406.14956

import type { Budget, SiteSize } from "../allocators/allocator.ts";
import type { AllocationConfig } from "../protocol.ts";

export interface Ranking {
  readonly what: "modules" | "shortcuts";
  /** Of its sites, among all. */
  readonly places: readonly number[];
  readonly budget: Budget;
}

/** cuts: which sites are residuals or shortcuts. onOff: a share is of the number of sites, else of their parameters. */
export function rankingsOf({ budget, shortcuts }: AllocationConfig, sites: readonly SiteSize[], cuts: readonly boolean[], onOff: boolean): Ranking[] {
  const all = [...sites.keys()];
  const kinds = [all.filter((i) => !cuts[i]), all.filter((i) => cuts[i])];
  const parameters = (places: readonly number[]): number => places.reduce((sum, i) => sum + sites[i].r * (sites[i].in + sites[i].out), 0);
  const unit = "modules" in budget || ("share" in budget && onOff) ? "modules" : "parameters";
  const shares = (p: number): number[] =>
    unit === "modules"
      ? [Math.floor(p * kinds[0].length + 1e-9), halfToEven(p * kinds[1].length)]
      : kinds.map((places) => Math.floor(p * parameters(places) + 1e-9));
  const of = (amount: number): Budget => (unit === "modules" ? { modules: amount } : { parameters: amount });
  const apart = (amounts: readonly number[]): Ranking[] =>
    (["modules", "shortcuts"] as const).map((what, k) => ({ what, places: kinds[k], budget: of(amounts[k]) }));

  if (shortcuts !== "separated" || !kinds[1].length) {
    if (!("share" in budget)) return [{ what: "modules", places: all, budget }];
    const whole = unit === "modules" ? shares(budget.share).reduce((a, b) => a + b, 0) : Math.floor(budget.share * parameters(all) + 1e-9);
    return [{ what: "modules", places: all, budget: of(whole) }];
  }
  if ("share" in budget) return apart(shares(budget.share));
  // A plain amount is divided as all of both kinds would cost.
  const [amount, part] = "modules" in budget ? [budget.modules, kinds[1].length / all.length] : [budget.parameters, parameters(kinds[1]) / parameters(all)];
  const theirs = halfToEven(amount * part);
  return apart([amount - theirs, theirs]);
}

/** As Python's round. */
function halfToEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  if (Math.abs(rest - 0.5) < 1e-9) return down % 2 === 0 ? down : down + 1;
  return Math.round(x);
}
