// ticks.ts — round numbers for an axis.

/** They cover low to high, from two to seven of them. */
export function ticks(low: number, high: number): number[] {
  const span = Math.max(high - low, 0.01);
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough)!;
  const below = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), low > 0 ? below : below + 1);
  const first = Math.min(below, last - 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
