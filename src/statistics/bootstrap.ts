// bootstrap.ts — how sure a mean over a few seeds and some hundred rows is: both are drawn again with replacement, the same draw for every arm, so that
// what arms share (hard rows, lucky seeds) falls out of their difference. Percentile intervals. Efron & Tibshirani 1993, ch. 13; crossed as in Owen 2007.

/** Features of a run, by feature and row: a figure of the run is a function of their sums over rows. */
export type Features = readonly (readonly number[] | Float64Array)[];

/** A figure of a run from the sums of its features over n rows: for the share of rows that are right, sums[0] / n. */
export type FigureOf = (sums: readonly number[], n: number) => number;

export interface BootstrapOptions {
  resamples: number;
  /** Uniform in [0, 1), seeded. */
  random: () => number;
}

/**
 * arms[a][s]: the run of arm a with seed s; every arm has the same seeds, every run the same rows. Returns by arm the mean figure over seeds in each
 * resample: differences of the same resample are paired. Throws RangeError for arms of unlike shape.
 */
export function bootstrap(arms: readonly (readonly Features[])[], figure: FigureOf, { resamples, random }: BootstrapOptions): Float64Array[] {
  const seeds = arms[0]?.length ?? 0;
  const rows = arms[0]?.[0]?.[0]?.length ?? 0;
  if (!seeds || !rows || arms.some((runs) => runs.length !== seeds || runs.some((f) => f.some((values) => values.length !== rows))))
    throw new RangeError("bootstrap: every arm needs the same seeds, and every run the same rows");
  const below = (n: number): number => Math.floor(random() * n);
  const means = arms.map(() => new Float64Array(resamples));
  const times = new Float64Array(rows);
  for (let b = 0; b < resamples; b++) {
    times.fill(0);
    for (let i = 0; i < rows; i++) times[below(rows)]++;
    const drawn = Array.from({ length: seeds }, () => below(seeds));
    const seen = [...new Set(drawn)];
    arms.forEach((runs, a) => {
      const figures = new Map(seen.map((s) => [s, figure(runs[s].map((values) => dot(values, times)), rows)])); // prettier-ignore
      means[a][b] = drawn.reduce((sum, s) => sum + figures.get(s)!, 0) / seeds;
    });
  }
  return means;
}

function dot(x: ArrayLike<number>, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += x[i] * y[i];
  return sum;
}

/** The middle `share` of the values, between neighbours in proportion (numpy's default quantile). */
export function interval(values: ArrayLike<number>, share = 0.95): [low: number, high: number] {
  const sorted = Float64Array.from(values).sort();
  const at = (q: number): number => {
    const place = q * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
  };
  return [at((1 - share) / 2), at((1 + share) / 2)];
}
