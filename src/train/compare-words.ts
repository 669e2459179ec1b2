// compare-words.ts — what is concluded of an arm, in words that claim no more than its interval does.

import type { ArmSummary } from "../protocol/comparison.ts";
import { difference, minus, points, range } from "../statistics/measure-words.ts";

/** unequal: numbers of trained parameters that are more than 1 % apart; then nothing is claimed. */
export function verdictOf(
  arm: Pick<ArmSummary, "name" | "reference" | "baseline" | "difference" | "points">,
  measure: string,
  baseline: string,
  unequal: { trainable: number; against: number } | null,
): string {
  if (arm.baseline || arm.reference || !arm.points.length) return "";
  const numbers = (n: number): string => Math.round(n).toLocaleString("en");
  if (unequal) {
    const percent = 100 * (unequal.trainable / unequal.against - 1);
    return `${arm.name} trains ${numbers(unequal.trainable)} numbers, ${baseline} ${numbers(unequal.against)} (${minus(percent.toFixed(1))} %): no verdict beyond 1 %.`;
  }
  const { name, difference: d } = arm;
  if (!d) return `${name} and ${baseline} have no seed in common: no verdict.`;
  if (!d.interval) return `${name}: ${difference(d, measure)} against ${baseline} over ${d.seeds} seed${d.seeds > 1 ? "s" : ""}: too few for a verdict.`;
  const [low, high] = d.interval;
  const beyond = low > 0 || high < 0;
  const where = d.mean === 0 ? "level with" : d.mean > 0 ? "above" : "below";
  const by = d.mean === 0 ? "" : ` by ${points(Math.abs(d.mean), measure)}`;
  return `${name} is ${where} ${baseline}${by}, 95 % interval ${range(d.interval, measure)}: ${beyond ? "more than" : "within"} noise.`;
}
