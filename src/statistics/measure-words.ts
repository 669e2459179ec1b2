// measure-words.ts — figures of a comparison in words: one way for the terminal, the tables and the page. Shares are told in per cent and their
// differences in points; correlations as they are.

export const isShare = (measure: string): boolean => measure === "accuracy" || measure === "exact match" || measure === "f1";
/** A written number with the sign of print. */
export const minus = (number: string): string => number.replace("-", "−");

/** 0.8345 → "83.5 %" or "0.835". */
export const level = (value: number, measure: string): string => bare(value, measure) + (isShare(measure) ? " %" : "");
/** Without a unit: for the ends of an interval. */
export const bare = (value: number, measure: string): string => minus(isShare(measure) ? (100 * value).toFixed(1) : value.toFixed(3));
/** Of a difference: "0.8 points". */
export const points = (value: number, measure: string): string => bare(value, measure) + (isShare(measure) ? " points" : "");

/** "+0.8 points, −0.4 to 2.1". */
export function difference(d: { mean: number; interval: readonly [number, number] | null }, measure: string): string {
  const plus = d.mean > 0 ? "+" : "";
  return `${plus}${points(d.mean, measure)}${d.interval ? `, ${range(d.interval, measure)}` : ""}`;
}

/** "−0.4 to 2.1". */
export const range = ([low, high]: readonly [number, number], measure: string): string => `${bare(low, measure)} to ${bare(high, measure)}`;
