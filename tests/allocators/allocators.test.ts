// What every allocator of the registry is held to: it never spends more than the budget, keeps bounds, locks and exclusions, does not depend on the
// order of the sites, and leaves ties to the seed.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AllocateOptions, type Budget, type SiteSize, limit, spent } from "../../src/allocators/allocator.ts";
import { allocators } from "../../src/allocators/index.ts";
import { shuffle } from "../../src/data/random.ts";

const site = fc.record({ in: fc.integer({ min: 4, max: 64 }), out: fc.integer({ min: 4, max: 64 }), r: fc.integer({ min: 1, max: 4 }) });
const marked = fc.tuple(site, fc.constantFrom<"" | "locked" | "excluded">("", "", "", "locked", "excluded")).map(([s, mark]) => (mark ? { ...s, [mark]: true } : s) as SiteSize); // prettier-ignore
const situation = fc.record({
  cells: fc.uniqueArray(fc.tuple(marked, fc.double({ min: -1, max: 1, noNaN: true })), { minLength: 1, maxLength: 24, selector: ([, score]) => score }),
  budget: fc.oneof(fc.record({ modules: fc.integer({ min: 1, max: 30 }) }), fc.record({ parameters: fc.integer({ min: 1, max: 4000 }) })),
  min: fc.integer({ min: 0, max: 3 }),
  max: fc.integer({ min: 4, max: 12 }),
  step: fc.integer({ min: 1, max: 3 }),
  seed: fc.integer({ min: 0, max: 1000 }),
});
const options = ({ min, max, step, seed }: { min: number; max: number; step: number; seed: number }, ranks?: number[]): AllocateOptions => ({
  min,
  max,
  step,
  ties: (n) => shuffle(n, seed),
  ranks,
});

describe.each(Object.entries(allocators))("%s", (name, allocator) => {
  test("spends at most the budget; bounds, locks and exclusions hold", () => {
    fc.assert(
      fc.property(situation, (s) => {
        const sites = s.cells.map(([cell]) => cell);
        const scores = s.cells.map(([, score]) => score);
        const budget: Budget = s.budget;
        const ranks = allocator.allocate(scores, sites, budget, options(s));
        expect(ranks).toHaveLength(sites.length);
        expect(spent(ranks, sites, budget)).toBeLessThanOrEqual(limit(budget) + 1e-6);
        const locked = sites.map((cell) => (cell.locked ? cell.r : 0));
        const pays = spent(locked, sites, budget) <= limit(budget);
        sites.forEach((cell, i) => {
          expect(Number.isInteger(ranks[i]) && ranks[i] >= 0 && ranks[i] <= Math.max(cell.r, Math.min(cell.in, cell.out))).toBe(true);
          if (cell.excluded) expect(ranks[i]).toBe(0);
          else if (cell.locked) {
            if (pays) expect(ranks[i]).toBe(cell.r);
          } else if (allocator.onOff || name === "manual") expect([0, cell.r]).toContain(ranks[i]);
          else {
            expect(ranks[i] % s.step).toBe(0);
            expect(ranks[i]).toBeLessThanOrEqual(s.max);
          }
        });
      }),
    );
  });

  // By hand and evenly, sites are equals: which of them the end of the budget meets is a matter of order.
  test.skipIf(name === "manual" || name === "uniform")("does not depend on the order of the sites", () => {
    fc.assert(
      fc.property(situation, (s) => {
        const [sites, scores] = [s.cells.map(([cell]) => cell), s.cells.map(([, score]) => score)];
        fc.pre(new Set(sites.map((cell, i) => (name === "greedy" ? scores[i] / (cell.in + cell.out) : scores[i]))).size === sites.length);
        fc.pre(!sites.some((cell) => cell.locked));
        const order = Array.from(shuffle(sites.length, s.seed));
        const ranks = allocator.allocate(scores, sites, s.budget, options(s));
        const moved = allocator.allocate(order.map((i) => scores[i]), order.map((i) => sites[i]), s.budget, options(s)); // prettier-ignore
        expect(moved).toEqual(order.map((i) => ranks[i]));
      }),
    );
  });

  test("ties are left to the seed, and to nothing else", () => {
    const sites = Array.from({ length: 12 }, () => ({ in: 8, out: 8, r: 2 }));
    const at = (seed: number): number[] => allocator.allocate(sites.map(() => 1), sites, { modules: 5 }, { ...options({ min: 0, max: 2, step: 2, seed }) }); // prettier-ignore
    expect(at(3)).toEqual(at(3));
    const chosen = new Set(Array.from({ length: 8 }, (_, seed) => at(seed).join()));
    if (name === "manual") expect(chosen.size).toBe(1);
    else expect(chosen.size).toBeGreaterThan(4);
    expect(spent(at(3), sites, { modules: 5 })).toBe(5);
  });
});

describe("by example", () => {
  const sites = [16, 16, 32, 16].map((out) => ({ in: 16, out, r: 4 }));
  const o = options({ min: 0, max: 8, step: 1, seed: 0 });
  test("top-k: the best; where the budget is in parameters, the next that fits", () => {
    expect(allocators["top-k"].allocate([3, 1, 4, 2], sites, { modules: 2 }, o)).toEqual([4, 0, 4, 0]);
    // 4·32 = 128 and 4·48 = 192: the best is too dear, the next two fit.
    expect(allocators["top-k"].allocate([3, 1, 4, 2], sites, { parameters: 260 }, o)).toEqual([0, 0, 4, 0]);
    expect(allocators["top-k"].allocate([3, 1, 4, 2], sites, { parameters: 190 }, o)).toEqual([4, 0, 0, 0]);
  });
  test("proportional: as the scores are", () => {
    expect(allocators.proportional.allocate([3, 1, 0, 2], sites, { modules: 3 }, o)).toEqual([6, 2, 0, 4]);
    expect(allocators.proportional.allocate([3, 1, 0, 2], sites, { modules: 3 }, { ...o, min: 1 })).toEqual([6, 1, 1, 4]);
  });
  test("greedy: the best per parameter, as large as it may be", () => {
    expect(allocators.greedy.allocate([3, 1, 4, 2], sites, { parameters: 8 * 32 + 100 }, o)).toEqual([8, 0, 2, 0]);
  });
  test("uniform: the same for all", () => {
    expect(allocators.uniform.allocate([3, 1, 4, 2], sites, { parameters: 3 * 144 + 100 }, o)).toEqual([3, 3, 3, 3]);
  });
  test("manual: what was set", () => {
    expect(allocators.manual.allocate([0, 0, 0, 0], sites, { modules: 4 }, { ...o, ranks: [0, 3, 1, 4] })).toEqual([0, 3, 1, 4]);
  });
});
