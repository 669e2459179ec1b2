// A comparison: what its file may say, what each run is, how many numbers an arm trains, and what may be claimed of results.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ArmResult, ArmRun, ArmSize, Comparison } from "../../src/protocol/comparison.ts";
import { hash } from "../../src/engine/random.ts";
import { ticks } from "../../src/statistics/ticks.ts";
import { plotSvg } from "../../src/train/compare-plot.ts";
import { tableCsv, tableMarkdown } from "../../src/train/compare-report.ts";
import { decide, resolveAllocation } from "../../src/train/allocation.ts";
import { armSize, equalSize, mayEqual } from "../../src/train/compare-size.ts";
import { summaryOf } from "../../src/train/compare-summary.ts";
import { configOf, isRunOf, parseComparison, queueOf } from "../../src/train/compare.ts";
import { parseConfig } from "../../src/train/config.ts";
import { metrics } from "../../src/train/metrics.ts";
import { targetOf } from "../../src/train/subject.ts";
import { tinyModel } from "../harness/tiny-model.ts";

const file = {
  base: { r: 8, data: { limit: 50 }, train: { steps: 10, batch_size: 2 }, allocation: { budget: { share: 0.5 }, batches: 4 } },
  arms: [
    { name: "uniform", config: { r: 2, lora_alpha: 4, allocation: null } },
    { name: "static", config: { allocation: { budget: { modules: 3 } }, train: { learning_rate: 0.1 } } },
    { name: "all of it", config: { method: "full", allocation: null }, reference: true },
  ],
  seeds: [3, 1],
};

describe("the file", () => {
  test("an arm's fields go over the base's; a budget is replaced whole; the seed is the run's", () => {
    const comparison = parseComparison(file);
    const [uniform, fixed] = comparison.arms;
    expect(configOf(comparison, uniform, 3)).toMatchObject({ r: 2, allocation: null, data: { limit: 50 }, train: { seed: 3, steps: 10, samples_every: 0 } });
    expect(configOf(comparison, fixed, 1)).toMatchObject({
      r: 8,
      allocation: { budget: { modules: 3 }, batches: 4 },
      train: { seed: 1, steps: 10, learning_rate: 0.1 },
    });
    expect(queueOf(comparison).map((q) => [q.arm.name, q.seed])).toEqual([
      ["uniform", 3],
      ["static", 3],
      ["all of it", 3],
      ["uniform", 1],
      ["static", 1],
      ["all of it", 1],
    ]);
  });

  test.each<[string, object, string, RegExp]>([
    ["an unknown field", { ...file, arm: [] }, "arm", /not a field of a comparison/],
    ["no arms", { ...file, arms: [] }, "arms", /list of 1 to/],
    ["references only", { ...file, arms: [{ name: "a", reference: true }] }, "arms", /references all of them/],
    ["two names that are one file", { ...file, arms: [{ name: "a b" }, { name: "A-B" }] }, "arms", /same file name/],
    ["a name of signs", { ...file, arms: [{ name: "…" }] }, "arms[0].name", /a letter or a digit/],
    ["a wrong field of the base", { ...file, base: { train: { stepz: 1 } } }, "base, train.stepz", /not a field of a configuration/],
    ["a wrong field of an arm", { ...file, arms: [{ name: "a", config: { r: 0 } }] }, "arms[0].config, r", /whole number from 1/],
    ["other rows in an arm", { ...file, arms: [{ name: "a", config: { data: { limit: 1 } } }] }, "arms[0].config, data", /same for all arms/],
    ["a seed in an arm", { ...file, arms: [{ name: "a", config: { train: { seed: 1 } } }] }, "arms[0].config, train.seed", /same for all arms/],
    ["no seeds", { ...file, seeds: [] }, "seeds", /list of 1 to/],
    ["a seed twice", { ...file, seeds: [1, 1] }, "seeds", /names one twice/],
    ["a test that is no source", { ...file, test: "rows.csv" }, "test", /must be file:PATH/],
  ])("%s is refused with its place", (_, json, where, what) => {
    expect(() => parseComparison(json)).toThrow(expect.objectContaining({ where, message: expect.stringMatching(what) }));
  });

  test("a run belongs to a comparison as long as nothing that its result hangs on has changed", () => {
    const comparison = parseComparison(file);
    const run = { arm: "static", seed: 1, config: configOf(comparison, comparison.arms[1], 1), test: null };
    const changed = (change: object): Comparison => parseComparison({ ...file, ...change });
    expect(isRunOf(comparison, run)).toBe(true);
    expect(isRunOf(changed({ seeds: [9], base: { ...file.base, backend: "wasm" } }), run)).toBe(true);
    expect(isRunOf(changed({ base: { ...file.base, train: { ...file.base.train, checkpoint_seconds: 5 } } }), run)).toBe(true);
    expect(isRunOf(changed({ base: { ...file.base, train: { steps: 11, batch_size: 2 } } }), run)).toBe(false);
    expect(isRunOf(changed({ test: "file:rows.csv" }), run)).toBe(false);
    expect(isRunOf(changed({ arms: file.arms.slice(0, 1) }), run)).toBe(false);
    // A field that came later stands at its default in an older run.
    const { split_seed: _, ...data } = run.config.data;
    expect(isRunOf(comparison, { ...run, config: { ...run.config, data } as never })).toBe(true);
    expect(isRunOf(comparison, { ...run, config: { ...run.config, taste: 1 } as never })).toBe(false);
  });

  test.each(["compare-small.json", "compare-paraphrase.json"])("examples/%s is one", (name) => {
    const json: unknown = JSON.parse(readFileSync(join(import.meta.dirname, "../../examples", name), "utf8"));
    expect(parseComparison(json).arms.length).toBeGreaterThan(2);
  });
});

test("equal is within 1 %", () => {
  expect([equalSize(9900, 10_000), equalSize(9899, 10_000), equalSize(10_100, 10_000), equalSize(10_101, 10_000)]).toEqual([true, false, true, false]);
  expect(mayEqual({ least: 100, most: 300 }, { least: 200, most: 200 })).toBe(true);
  expect(mayEqual({ least: 300, most: 400 }, { least: 200, most: 200 })).toBe(false);
});

const ROWS = 120;
/** right: of row i with a seed. */
function runs(arm: string, seeds: readonly number[], right: (seed: number, i: number) => boolean, more: Partial<ArmResult> = {}): ArmRun[] {
  return seeds.map((seed) => {
    const truth = Array.from({ length: ROWS }, (_, i) => i % 2);
    const predicted = truth.map((t, i) => (right(seed, i) ? t : 1 - t));
    const accuracy = metrics.accuracy(predicted, truth);
    const validation = { loss: hash(seed, arm.charCodeAt(0)) / 2 ** 32, metrics: { accuracy, f1: metrics.f1(predicted, truth) }, predicted, truth };
    const result = { measure: "accuracy", base: 0.5, best: { step: 5, metric: accuracy + 0.01 }, validation, steps: 10, trainable: 1000, seconds: 2, bytes: 2 ** 20, backend: "wasm", adapterName: "", ...more }; // prettier-ignore
    return { arm, seed, config: {} as never, test: null, result };
  });
}
const some = (chance: number) => (seed: number, i: number) => hash(seed, i) / 2 ** 32 < chance;
const seeds = [0, 1, 2, 3, 4];
const comparison = { base: {}, arms: ["a", "b", "c"].map((name) => ({ name, config: {}, reference: name === "c" })), seeds, test: null };

describe("what results say", () => {
  test("five seeds: means, intervals, paired differences, verdicts", () => {
    const worse = (seed: number, i: number): boolean => i >= 30 && some(0.8)(seed, i);
    const s = summaryOf(comparison, [...runs("a", seeds, some(0.8)), ...runs("b", seeds, worse), ...runs("c", seeds, some(0.99))]);
    const [a, b, c] = s.arms;
    expect([s.measure, s.on, s.rows, s.finished, s.wanted]).toEqual(["accuracy", "validation", ROWS, 15, 15]);
    const own = runs("a", seeds, some(0.8)).map((r) => r.result!.validation.metrics.accuracy);
    expect(a.points.map((p) => p.value)).toEqual(own);
    expect(a.mean).toBeCloseTo(own.reduce((x, y) => x + y, 0) / 5, 12);
    expect(a.interval![0]).toBeLessThan(a.mean!);
    expect(a.interval![1]).toBeGreaterThan(a.mean!);
    expect([a.verdict, c.verdict, a.difference, c.difference]).toEqual(["", "", null, null]);
    expect(b.difference!.better).toBe(0);
    expect(b.difference!.mean).toBeCloseTo(b.mean! - a.mean!, 12);
    expect(b.verdict).toMatch(/^b is below a by [\d.]+ points, 95 % interval −[\d.]+ to −[\d.]+: more than noise\.$/);
    expect(b.best).toBeCloseTo(b.mean! + 0.01, 12);
    expect(b.metrics.f1).toBeGreaterThan(0);
    expect(s.notes).toEqual([]);
  });

  test("the same outcomes: level, an interval without width; few changed rows: within noise", () => {
    const s = summaryOf(comparison, [...runs("a", seeds, some(0.8)), ...runs("b", seeds, some(0.8))]);
    expect(s.arms[1].difference).toEqual({ mean: 0, interval: [0, 0], seeds: 5, better: 0 });
    expect(s.arms[1].verdict).toBe("b is level with a, 95 % interval 0.0 to 0.0: within noise.");
    const other = summaryOf(comparison, [...runs("a", seeds, some(0.8)), ...runs("b", seeds, (seed, i) => some(0.8)(seed + 50, i))]);
    expect(other.arms[1].verdict).toMatch(/: within noise\.$/);
    const twins = runs("b", seeds, some(0.8)).map((run) => ({ ...run, result: { ...run.result!, validation: { ...run.result!.validation, loss: 1 } } }));
    expect(summaryOf(comparison, [...twins, ...twins.map((run) => ({ ...run, arm: "a" }))]).notes).toEqual([
      "a and b came to the same loss to the last digit with every seed: they made the same choices.",
    ]);
    expect(other.arms[1].difference!.interval![0]).toBeLessThan(0);
    expect(other.arms[1].difference!.interval![1]).toBeGreaterThan(0);
  });

  test("below five seeds in common there are points, and nothing is claimed", () => {
    const s = summaryOf(comparison, [...runs("a", seeds.slice(0, 4), some(0.8)), ...runs("b", seeds, some(0.9))]);
    expect(s.arms[0].interval).toBeNull();
    expect(s.arms[1].interval).not.toBeNull();
    expect(s.arms[1].difference).toMatchObject({ interval: null, seeds: 4 });
    expect(s.arms[1].verdict).toMatch(/^b: \+[\d.]+ points against a over 4 seeds: too few for a verdict\.$/);
    expect(s.notes).toEqual([expect.stringContaining("fewer than 5 seeds")]);
  });

  test("numbers of parameters that are not equal: no verdict; other backends and failures are told", () => {
    const failed: ArmRun = { arm: "b", seed: 4, config: {} as never, test: null, failed: { where: "run", what: "loss is NaN", hint: "", level: "error" } };
    const s = summaryOf(comparison, [...runs("a", seeds, some(0.8)), ...runs("b", seeds.slice(0, 4), some(0.9), { trainable: 1020, backend: "webgpu" }), failed]); // prettier-ignore
    expect(s.arms[1].verdict).toBe("b trains 1,020 numbers, a 1,000 (2.0 %): no verdict beyond 1 %.");
    expect(s.arms[1].failed).toEqual([{ seed: 4, what: "loss is NaN" }]);
    expect(s.notes.join("\n")).toMatch(/wasm and webgpu.*\n.*fewer.*\nb, seed 4, failed: loss is NaN\./);
  });

  test("on test rows, and by correlation: Matthews' of classes is Pearson's of their numbers", () => {
    const truth = Array.from({ length: ROWS }, (_, i) => Number(i % 3 === 0));
    const predicted = truth.map((t, i) => (hash(i) % 4 ? t : 1 - t));
    const outcomes = { loss: 1, metrics: { matthews: metrics.matthews(predicted, truth) }, predicted, truth };
    const own = runs("a", [0], some(0.5), { measure: "matthews", test: outcomes });
    const s = summaryOf({ ...comparison, test: "file:test.csv" }, own);
    expect(s.on).toBe("test");
    expect(s.arms[0].points[0].value).toBeCloseTo(metrics.matthews(predicted, truth), 12);
  });
});

test("tables and picture: every arm, every run, every seed a point", () => {
  const all = [...runs("a", seeds, some(0.8)), ...runs("b", seeds, some(0.9)), ...runs("c", seeds, some(0.95))];
  const s = summaryOf(comparison, all);
  const md = tableMarkdown(s).split("\n");
  expect(md.filter((l) => l.startsWith("| "))).toHaveLength(2 + 3);
  expect(md[2]).toMatch(/^\| a \| 5 \| \d\d\.\d % \| [\d.]+ to [\d.]+ \| [\d.]+ % \| – \| \d\d\.\d % \| 1,000 \| 2\.0 \| 1\.0 \|$/);
  expect(md[4]).toContain("c (reference)");
  const csv = tableCsv(comparison, all, s).trim().split(/\r?\n/);
  expect(csv).toHaveLength(1 + 15);
  expect(csv[0]).toBe("arm,reference,seed,value,validation accuracy,validation f1,base,best,best_step,steps,trainable,seconds,bytes,backend,failed");
  const svg = plotSvg({ ...s, arms: s.arms.map((a) => ({ ...a, name: `${a.name} <&` })) });
  expect(svg.match(/<circle/g)).toHaveLength(15);
  expect(svg.match(/class="interval"/g)).toHaveLength(2); // the reference stands outside
  expect(svg).toContain("a &#60;&#38;");
  expect(svg).not.toMatch(/NaN|undefined/);
  expect(plotSvg(summaryOf(comparison, []))).toContain("Nothing has finished yet");
});

test("ticks are round and cover the values", () => {
  expect(ticks(0.61, 0.83)).toEqual([0.6, 0.7, 0.8, 0.9]);
  expect(ticks(0, 0)).toEqual([0, 0.0025]);
  expect(ticks(1, 1)).toEqual([0.9975, 1]);
  const ranges: [number, number][] = [[0.1, 0.11], [-0.3, 0.7], [0, 1], [0.5, 0.5], [0.501, 0.501]]; // prettier-ignore
  for (const [low, high] of ranges) {
    const t = ticks(low, high);
    expect(t.length).toBeGreaterThanOrEqual(2);
    expect(t.length).toBeLessThanOrEqual(7);
    expect(t[0]).toBeLessThanOrEqual(low);
    expect(t.at(-1)!).toBeGreaterThanOrEqual(high);
  }
});

describe("numbers an arm trains", async () => {
  const { base } = await tinyModel();
  const sized = (change: object): { size: ArmSize; ranks: (scores: (i: number) => number) => number } => {
    const config = parseConfig({ target_modules: ["q_proj", "v_proj", "down_proj"], r: 4, lora_alpha: 8, ...change });
    const target = targetOf(base, config);
    const a = resolveAllocation(target, config);
    const spentBy = (scores: (i: number) => number): number => {
      const { ranks } = decide(a!, a!.names.map((_, i) => scores(i)), 0); // prettier-ignore
      return ranks.reduce((sum, r, i) => sum + r * (a!.sites[i].in + a!.sites[i].out), 0);
    };
    return { size: armSize(target, config), ranks: spentBy };
  };

  test("without an allocation, and of modules of one size, it is one number", () => {
    // q: 32 × 32, v: 32 → 16, down: 44 → 32, in two layers
    expect(sized({}).size).toEqual({ least: 2 * 4 * (64 + 48 + 76), most: 2 * 4 * (64 + 48 + 76) });
    expect(sized({ target_modules: ["q_proj", "o_proj"], allocation: { budget: { share: 0.5 } } }).size).toEqual({ least: 2 * 4 * 64, most: 2 * 4 * 64 });
    expect(sized({ target_modules: ["q_proj"], method: "full" }).size).toEqual({ least: 2 * 32 * 32, most: 2 * 32 * 32 });
  });

  test("shortcuts are counted: at a budget of as many modules of the same size it is the same number", () => {
    const allocation = { budget: { modules: 2 }, shortcuts: "combined", shortcut_r: 4 };
    expect(sized({ target_modules: ["q_proj", "o_proj"], allocation }).size).toEqual({ least: 2 * 4 * 64, most: 2 * 4 * 64 });
  });

  test.each([
    [{ budget: { modules: 3 } }],
    [{ budget: { share: 0.5 } }],
    [{ budget: { modules: 3 }, locked: ["v_proj"] }],
    [{ budget: { parameters: 700 } }],
    [{ budget: { parameters: 700 }, excluded: ["down_proj"] }],
    [{ budget: { parameters: 700 }, allocator: "greedy", max_rank: 8 }],
    [{ budget: { parameters: 700 }, allocator: "proportional", rank_step: 2 }],
    [{ budget: { parameters: 1e6 } }],
  ])("%j: whatever is chosen lies between least and most", (allocation) => {
    const { size, ranks } = sized({ allocation });
    for (let trial = 0; trial < 200; trial++) {
      const n = ranks((i) => hash(trial, i));
      expect(n).toBeGreaterThanOrEqual(size.least);
      expect(n).toBeLessThanOrEqual(size.most);
    }
  });
});
