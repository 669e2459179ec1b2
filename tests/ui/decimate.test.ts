// Decimation keeps ends and spikes within its budget; the moving average starts at the first value.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimate, smooth } from "../../src/ui/decimate.ts";

describe("decimate", () => {
  test("keeps the ends, the extremes and the order, within the budget", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 3000 }),
        fc.integer({ min: 4, max: 1500 }),
        (values, most) => {
          const kept = decimate(values, values.length, most);
          expect(kept.length).toBeLessThanOrEqual(Math.max(most, 1));
          expect(kept[0]).toBe(0);
          expect(kept.at(-1)).toBe(values.length - 1);
          for (let i = 1; i < kept.length; i++) expect(kept[i]).toBeGreaterThan(kept[i - 1]);
          const of = kept.map((i) => values[i]);
          expect(Math.max(...of)).toBe(Math.max(...values));
          expect(Math.min(...of)).toBe(Math.min(...values));
        },
      ),
    );
  });

  test("a single spike in 100,000 points survives", () => {
    const values = new Float64Array(100_000).fill(1);
    values[54_321] = 9;
    expect(decimate(values, values.length, 1500)).toContain(54_321);
  });

  test("values that are not finite do not hide their neighbours", () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i % 2 ? NaN : i));
    expect(decimate(values, 1000, 100).some((i) => values[i] > 900)).toBe(true);
  });
});

describe("smooth", () => {
  test("follows the definition with its correction", () => {
    const [a, b] = smooth([4, 2], 2, 0.9);
    expect(a).toBeCloseTo(4, 12);
    expect(b).toBeCloseTo((0.9 * 0.1 * 4 + 0.1 * 2) / (1 - 0.81), 12);
  });
  test("is the value itself at 0 and passes over what is not finite", () => {
    expect([...smooth([3, NaN, 5], 3, 0)]).toEqual([3, 3, 5]);
  });
});
