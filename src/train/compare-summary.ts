// compare-summary.ts — what the runs of a comparison say: means, intervals by paired bootstrap over seeds and rows, differences to the baseline, and a
// verdict in words that claims no more than the interval does.

import { random } from "../data/random.ts";
import type { ArmResult, ArmRun, ArmSize, ArmSummary, Comparison, ComparisonSummary, Difference, Outcomes } from "../protocol/comparison.ts";
import { type Features, type FigureOf, bootstrap, interval } from "../statistics/bootstrap.ts";
import { baselineOf } from "./compare.ts";
import { equalSize } from "./compare-size.ts";
import { verdictOf } from "./compare-words.ts";

const RESAMPLES = 10_000;
/** With fewer seeds there are points only: no interval, no verdict. */
export const SEEDS_NEEDED = 5;

/** A correlation of two columns from its sums; of classes 0 and 1 it is Matthews'. 0 where nothing varies. */
const correlation: FigureOf = ([x, y, xx, yy, xy], n) => {
  const spread = (xx - (x * x) / n) * (yy - (y * y) / n);
  return spread > 1e-12 * Math.max(1, xx * yy) ? (xy - (x * y) / n) / Math.sqrt(spread) : 0;
};
const share: FigureOf = ([right], n) => right / n;

/** The measure as a function of sums over rows. */
function figureOf(measure: string): { figure: FigureOf; features: (o: Outcomes) => Features } {
  if (measure === "matthews" || measure === "pearson")
    return {
      figure: correlation,
      features: ({ predicted: x, truth: y }) => [x, y, x.map((v) => v * v), y.map((v) => v * v), x.map((v, i) => v * y[i])],
    };
  return { figure: share, features: ({ predicted, truth }) => [predicted.map((p, i) => Number(p === truth[i]))] };
}

const mean = (values: readonly number[]): number | null => (values.length ? values.reduce((a, b) => a + b, 0) / values.length : null);
const present = (values: readonly (number | null | undefined)[]): number[] => values.filter((v) => v !== null && v !== undefined);

/** Finished runs of an arm by seed. */
type Results = ReadonlyMap<number, ArmResult>;

/** sizes: by arm's name, as known before the start. Runs that are not of this comparison must have been left out. */
export function summaryOf(comparison: Comparison, runs: readonly ArmRun[], sizes: ReadonlyMap<string, ArmSize> = new Map()): ComparisonSummary {
  const by = new Map(comparison.arms.map((a) => [a.name, finished(comparison, runs, a.name)])); // prettier-ignore
  const results = [...by.values()].flatMap((r) => [...r.values()]);
  const measure = results[0]?.measure ?? "";
  const baseline = baselineOf(comparison).name;
  const judged = (r: ArmResult): Outcomes => r.test ?? r.validation;
  const { figure, features } = figureOf(measure);
  const of = (r: ArmResult): Features => features(judged(r));
  const value = (r: ArmResult): number => {
    const f = of(r);
    return figure(f.map((column) => Array.from(column).reduce((a, b) => a + b, 0)), f[0].length); // prettier-ignore
  };

  const arms = comparison.arms.map(({ name, reference }): ArmSummary => {
    const own = by.get(name)!;
    const all = [...own.values()];
    const points = [...own].map(([seed, r]) => ({ seed, value: value(r) }));
    const to = name !== baseline && !reference ? paired(own, by.get(baseline)!, value) : null;
    const alone = own.size >= SEEDS_NEEDED ? interval(drawn([all.map(of)], figure)[0]) : null;
    const difference = to && { ...to.difference, interval: to.seeds.length >= SEEDS_NEEDED ? intervalOf(to, own, by.get(baseline)!, of, figure) : null };
    const failed = runs.filter((r) => r.arm === name && r.failed && !own.has(r.seed)).map((r) => ({ seed: r.seed, what: r.failed!.what }));
    const trainable = mean(all.map((r) => r.trainable));
    const summary = {
      name,
      reference,
      baseline: name === baseline,
      size: sizes.get(name) ?? null,
      points,
      mean: mean(points.map((p) => p.value)),
      interval: alone,
      difference,
      validation: mean(all.map((r) => r.validation.metrics[measure])),
      best: mean(present(all.map((r) => r.best?.metric))),
      metrics: Object.fromEntries(Object.keys(all[0] ? judged(all[0]).metrics : {}).map((key) => [key, mean(all.map((r) => judged(r).metrics[key]))!])),
      trainable,
      seconds: mean(all.map((r) => r.seconds)),
      bytes: mean(all.map((r) => r.bytes)),
      failed,
    };
    const against = mean([...by.get(baseline)!.values()].map((r) => r.trainable));
    const equal = trainable === null || against === null || equalSize(trainable, against);
    return { ...summary, verdict: verdictOf(summary, measure, baseline, equal ? null : { trainable, against }) };
  });

  const wanted = comparison.arms.length * comparison.seeds.length;
  const rows = results[0] ? judged(results[0]).truth.length : 0;
  return {
    measure,
    rows,
    on: comparison.test === null ? "validation" : "test",
    arms,
    wanted,
    finished: results.length,
    notes: [...notesOf(arms, results), ...twins(by)],
  };
}

function finished({ seeds }: Comparison, runs: readonly ArmRun[], arm: string): Results {
  const own = runs.filter((r) => r.arm === arm && r.result && seeds.includes(r.seed));
  return new Map(own.sort((a, b) => seeds.indexOf(a.seed) - seeds.indexOf(b.seed)).map((r) => [r.seed, r.result!]));
}

interface Paired {
  seeds: readonly number[];
  difference: Omit<Difference, "interval">;
}

/** null: no seed is shared. */
function paired(own: Results, base: Results, value: (r: ArmResult) => number): Paired | null {
  const seeds = [...own.keys()].filter((s) => base.has(s));
  if (!seeds.length) return null;
  const each = seeds.map((s) => value(own.get(s)!) - value(base.get(s)!));
  return { seeds, difference: { mean: mean(each)!, seeds: seeds.length, better: each.filter((d) => d > 0).length } };
}

function intervalOf({ seeds }: Paired, own: Results, base: Results, of: (r: ArmResult) => Features, figure: FigureOf): [number, number] {
  const [a, b] = drawn([own, base].map((results) => seeds.map((s) => of(results.get(s)!))), figure); // prettier-ignore
  return interval(a.map((x, i) => x - b[i]));
}

/** The same stream of chance every time: the same runs give the same interval. */
function drawn(arms: readonly (readonly Features[])[], figure: FigureOf): Float64Array[] {
  let n = 0;
  return bootstrap(arms, figure, { resamples: RESAMPLES, random: () => random(0xb007, n++) });
}

/** Arms that came to the very same losses trained the same: a choice that fell as another's did. */
function twins(by: ReadonlyMap<string, Results>): string[] {
  const arms = [...by];
  return arms.flatMap(([a, own], i) =>
    arms.slice(i + 1).flatMap(([b, other]) => {
      const shared = [...own.keys()].filter((seed) => other.has(seed));
      const same = shared.length > 0 && shared.every((seed) => own.get(seed)!.validation.loss === other.get(seed)!.validation.loss);
      return same ? [`${a} and ${b} came to the same loss to the last digit with every seed: they made the same choices.`] : [];
    }),
  );
}

function notesOf(arms: readonly ArmSummary[], results: readonly ArmResult[]): string[] {
  const notes: string[] = [];
  const backends = [...new Set(results.map((r) => r.backend))];
  if (backends.length > 1) notes.push(`Runs were computed on ${backends.join(" and ")}: results differ a little between them.`);
  const few = arms.filter((a) => !a.reference && a.points.length > 0 && a.points.length < SEEDS_NEEDED);
  if (few.length) notes.push(`With fewer than ${SEEDS_NEEDED} seeds there are points only: no interval and no verdict.`);
  for (const { name, failed } of arms) for (const { seed, what } of failed) notes.push(`${name}, seed ${seed}, failed: ${what}.`);
  return notes;
}
