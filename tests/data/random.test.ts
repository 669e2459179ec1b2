// Counter-based random numbers: pinned values, and the finaliser against published MurmurHash3 values.
import { expect, test } from "vitest";
import { below, hash, hashText, pick, random, shuffle } from "../../src/data/random.ts";

test("the hash is the same on every machine", () => {
  // fmix32 of MurmurHash3, of seed + 0x9e3779b9 (mod 2³²): fmix32(0) = 0, fmix32(1) = 0x514e28b7
  expect(hash(-0x9e3779b9)).toBe(0);
  expect(hash(1 - 0x9e3779b9)).toBe(0x514e28b7);
  expect([hash(0), hash(0, 0), hash(0, 0, 0), hash(7, 1, 2, 3)]).toMatchInlineSnapshot(`
    [
      2462723854,
      3553795876,
      1422740206,
      2538505508,
    ]
  `);
  expect(hashText(0, "go|Tom|park|kite")).not.toBe(hashText(0, "go|Tom|park|kit"));
});

test("keys count by value, place and number", () => {
  const all = [hash(1, 2), hash(2, 1), hash(1, 2, 0), hash(1), hash(1, -2), hash(0, 1, 2)];
  expect(new Set(all).size).toBe(all.length);
});

test("random is uniform in [0, 1) and below reaches every value", () => {
  const values = Array.from({ length: 20_000 }, (_, i) => random(3, i));
  expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...values)).toBeLessThan(1);
  expect(values.reduce((a, b) => a + b) / values.length).toBeCloseTo(0.5, 1);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 7000; i++) counts[below(7, 5, i)]++;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
  expect(["a", "b"]).toContain(pick(["a", "b"], 0, 1));
});

test("shuffle is a permutation that depends on the seed", () => {
  const order = shuffle(100, 1);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect([...shuffle(100, 1)]).toEqual([...order]);
  expect([...shuffle(100, 2)]).not.toEqual([...order]);
  expect([...shuffle(0, 1)]).toEqual([]);
});
