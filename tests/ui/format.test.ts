// Numbers as people read them: small ones are not 0, large ones have their word.
import fc from "fast-check";
import { expect, test } from "vitest";
import { count, millions, signed, tiny } from "../../src/ui/format.ts";
import { text } from "../../src/ui/strings.ts";

test("a cell holds a number in four characters, and only 0 is 0", () => {
  expect([0, 3.6e-6, 2.4e-4, 0.0049, 0.31, 1.04, 12.4, 3141, 64_200, 999_600, 2.5e6].map(tiny)).toEqual(["0", "4e-6", "2e-4", "5e-3", ".31", "1.0", "12", "3.1k", "64k", "1M", "2.5M"]); // prettier-ignore
  expect(signed(-3.6e-6, tiny)).toBe("−4e-6");
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 9e8, noNaN: true }), (n) => {
      expect(tiny(n).length).toBeLessThanOrEqual(4);
      expect(tiny(n)).not.toBe("0");
    }),
  );
});

test("counts in thousands, millions and billions", () => {
  expect([162_816, 3_148_224, 999_000_000, 999_600_000, 1_235_814_400].map(millions)).toEqual(["162,816", "3.15 M", "999 M", "1.00 B", "1.24 B"]);
});

test("one is not many", () => {
  expect([1, 3600].map((n) => text.preview.rows(count(n), count(400)))).toEqual(["1 row to train on, 400 held out", "3,600 rows to train on, 400 held out"]);
  expect(text.data.duplicates(count(1))).toBe("1 training row is the same as an earlier one");
  expect(text.data.partly(count(1))).toMatch(/^In 1 conversation only/);
});
