// compare-words.ts — figures of a comparison in words: one way for the terminal, the tables and the page.

import type { ArmSummary, Difference } from "../protocol/comparison.ts";

/** Shares are told in per cent and their differences in points; correlations as they are. */
const isShare = (measure: string): boolean => measure === "accuracy" || measure === "exact match" || measure === "f1";
const signed = (text: string): string => text.replace("-", "−");

/** 0.8345 → "83.5 %" or "0.835". */
export const level = (value: number, measure: string): string => signed(isShare(measure) ? `${(100 * value).toFixed(1)} %` : value.toFixed(3));
/** Without a unit: for the ends of an interval. */
export const bare = (value: number, measure: string): string => signed(isShare(measure) ? (100 * value).toFixed(1) : value.toFixed(3));
const unit = (measure: string): string => (isShare(measure) ? " points" : "");

/** "+0.8 points, −0.4 to 2.1". */
export function difference(d: Pick<Difference, "mean" | "interval">, measure: string): string {
  const plus = d.mean > 0 ? "+" : "";
  return `${plus}${bare(d.mean, measure)}${unit(measure)}${d.interval ? `, ${bare(d.interval[0], measure)} to ${bare(d.interval[1], measure)}` : ""}`;
}

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
    return `${arm.name} trains ${numbers(unequal.trainable)} numbers, ${baseline} ${numbers(unequal.against)} (${signed(percent.toFixed(1))} %): no verdict beyond 1 %.`;
  }
  const d = arm.difference;
  if (!d) return `${arm.name} and ${baseline} have no seed in common: no verdict.`;
  const { name } = arm;
  if (!d.interval) return `${name}: ${difference(d, measure)} against ${baseline} over ${d.seeds} seed${d.seeds > 1 ? "s" : ""}: too few for a verdict.`;
  const [low, high] = d.interval;
  const by = `${bare(Math.abs(d.mean), measure)}${unit(measure)}`;
  const range = `95 % interval ${bare(low, measure)} to ${bare(high, measure)}`;
  if (low > 0) return `${name} is above ${baseline} by ${by}, ${range}: more than noise.`;
  if (high < 0) return `${name} is below ${baseline} by ${by}, ${range}: more than noise.`;
  if (d.mean === 0) return `${name} is level with ${baseline}, ${range}: within noise.`;
  return `${name} is ${d.mean > 0 ? "above" : "below"} ${baseline} by ${by}, ${range}: within noise.`;
}
