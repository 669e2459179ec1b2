// budget.ts — a budget in its three units, as a slider moves it: a share of all, modules, or parameters. Pure.
import type { AllocationConfig, SiteInfo } from "../protocol.ts";

export type Budget = AllocationConfig["budget"];
export type BudgetUnit = "share" | "modules" | "parameters";

export const unitOf = (budget: Budget): BudgetUnit => ("share" in budget ? "share" : "modules" in budget ? "modules" : "parameters");
export const amountOf = (budget: Budget): number => ("share" in budget ? budget.share : "modules" in budget ? budget.modules : budget.parameters);
export const budgetOf = (unit: BudgetUnit, amount: number): Budget => ({ [unit]: amount }) as Budget;

/** What a slider may reach: from the smallest module to all of them. Without adapted sites there is nothing to choose. */
export function rangeOf(unit: BudgetUnit, sites: readonly SiteInfo[]): { min: number; max: number; step: number } | null {
  const adapted = sites.filter((site) => site.parameters > 0);
  const costs = adapted.map((site) => site.parameters);
  if (costs.length === 0) return null;
  if (unit === "modules") return { min: 1, max: costs.length, step: 1 };
  // A share is rounded down for modules, so that shortcuts do not help to pay for one.
  const modules = adapted.filter((site) => !site.kind).length || costs.length;
  if (unit === "share") return { min: Math.ceil(100 / modules) / 100, max: 1, step: 0.01 };
  const least = Math.min(...costs);
  const all = costs.reduce((a, b) => a + b, 0);
  return { min: least, max: least * Math.ceil(all / least), step: least };
}

/** How many of the best modules a budget pays for, about; at least one. */
export function topCount(budget: Budget, sites: readonly SiteInfo[]): number {
  const there = sites.filter((site) => site.parameters > 0).length;
  const k = "share" in budget ? Math.floor(budget.share * there + 1e-9) : amountOf(inUnit(budget, "modules", sites));
  return Math.max(1, Math.min(there, k));
}

/** The budget nearest to `budget` in another unit, reckoned as a share of all. */
export function inUnit(budget: Budget, unit: BudgetUnit, sites: readonly SiteInfo[]): Budget {
  const [from, to] = [rangeOf(unitOf(budget), sites), rangeOf(unit, sites)];
  if (!from || !to) return budget;
  const exact = (amountOf(budget) / from.max) * to.max;
  const steps = Math.round((exact - to.min) / to.step);
  const amount = Math.min(to.max, Math.max(to.min, to.min + steps * to.step));
  return budgetOf(unit, Number(amount.toFixed(2)));
}
