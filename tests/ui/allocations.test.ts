// What allocations say about sites, and budgets in three units.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { amountOf, inUnit, rangeOf, unitOf, type BudgetUnit } from "../../src/ui/budget.ts";
import { marked } from "../../src/ui/charts/cell-marks.tsx";
import { historyOf, onShare, rankOrder } from "../../src/ui/charts/allocations.ts";
import type { Allocation } from "../../src/ui/fold.ts";
import { catalogue, first, sitesOf } from "./fixture.ts";

const at = (step: number, ranks: number[]): Allocation => ({
  step,
  ranks,
  scores: ranks.map((r, i) => r * step + i),
  proxy: "snip",
  budget: 1,
  spent: 1,
  unit: "modules",
  milliseconds: 1,
});
const series = [at(0, [8, 0, 8]), at(10, [0, 8, 8]), at(40, [8, 0, 8])];

describe("allocations", () => {
  test("places by score: best first, ties share, what is not adapted has none", () => {
    expect(rankOrder([0.5, -1, 3, 0.5, 9], [true, true, true, true, false])).toEqual([2, 4, 1, 2, 0]);
  });

  test("share of the steps on, up to a step", () => {
    expect(onShare(series, 50)).toEqual([0.4, 0.6, 1]);
    expect(onShare(series.slice(0, 2), 20)).toEqual([0.5, 0.5, 1]);
    expect(onShare(series.slice(0, 1), 0)).toEqual([1, 0, 1]);
  });

  test("the history of a site", () => {
    expect(historyOf(series, 1)).toEqual([
      { step: 0, score: 1, on: false },
      { step: 10, score: 81, on: true },
      { step: 40, score: 1, on: false },
    ]);
  });
});

test("a place is always on, left out or free, never two of them; what others wrote stays", () => {
  const begin = { ...catalogue.allocation, locked: ["v_proj"] };
  const locked = marked(begin, ["a", "b"], "locked");
  expect(locked.locked).toEqual(["v_proj", "a", "b"]);
  expect(marked(locked, ["a"], "excluded")).toMatchObject({ locked: ["v_proj", "b"], excluded: ["a"] });
  expect(marked(locked, ["b", "a"], "free")).toEqual(begin);
});

describe("a budget", () => {
  const sites = sitesOf(first);
  test("reaches from one module to all, in each unit", () => {
    expect(rangeOf("modules", sites)).toEqual({ min: 1, max: 42, step: 1 });
    expect(rangeOf("share", sites)!.min * 42).toBeGreaterThanOrEqual(1);
    const parameters = rangeOf("parameters", sites)!;
    expect(parameters.min).toBe(8 * (64 + 192));
    expect(parameters.max).toBeGreaterThanOrEqual(162_816);
    expect(rangeOf("share", [])).toBeNull();
  });

  test("in another unit stays within the slider and is about as large", () => {
    const units = fc.constantFrom<BudgetUnit>("share", "modules", "parameters");
    fc.assert(
      fc.property(units, fc.integer({ min: 1, max: 42 }), (unit, modules) => {
        const { min, max } = rangeOf(unit, sites)!;
        const there = inUnit({ modules }, unit, sites);
        expect(unitOf(there)).toBe(unit);
        expect(amountOf(there)).toBeGreaterThanOrEqual(min);
        expect(amountOf(there)).toBeLessThanOrEqual(max);
        expect(Math.abs(amountOf(there) / max - modules / 42)).toBeLessThan(0.02);
        expect(inUnit(there, "modules", sites)).toEqual({ modules });
      }),
    );
  });
});
