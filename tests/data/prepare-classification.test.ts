// Rows with labels → examples: which classes there are, what is left out, and the preview.
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/data/error.ts";
import { prepareClassification, type LabelledSource, type PrepareClassificationOptions } from "../../src/data/prepare-classification.ts";
import { previewClassification } from "../../src/data/preview.ts";
import type { LabelledRow } from "../../src/data/row.ts";
import { bertTokenizer } from "./small-tokenizers.ts";

const tokenizer = bertTokenizer();
const rows = (...labels: (string | number)[]): LabelledRow[] => labels.map((label, i) => ({ text: "Tom ran", label, line: i + 2 }));
const prepare = (source: LabelledSource, options: Partial<PrepareClassificationOptions> = {}) =>
  prepareClassification(source, tokenizer, { maxLength: 32, evalShare: 0, limit: null, seed: 0, ...options });
const problem = async (source: LabelledSource, options: Partial<PrepareClassificationOptions> = {}): Promise<string> => {
  try {
    await prepare(source, options);
    return "no error";
  } catch (error) {
    return error instanceof DataError ? error.message : `not a DataError: ${String(error)}`;
  }
};

describe("classes", () => {
  test("are found in the training rows: by number, or by letters", async () => {
    expect(await prepare({ rows: rows("10", "9", "-1", "9") })).toMatchObject({
      classes: ["-1", "9", "10"],
      train: [{ label: 2 }, { label: 1 }, { label: 0 }, { label: 1 }],
    });
    expect((await prepare({ rows: rows("no", "yes", "10") })).classes).toEqual(["10", "no", "yes"]);
    expect((await prepare({ rows: rows(1, 0, "1 ") })).classes).toEqual(["0", "1"]);
  });

  test("numbers that are not whole are values", async () => {
    const data = await prepare({ rows: rows("5.0", "3.75", 1) });
    expect([data.classes, data.train.map(({ label }) => label)]).toEqual([null, [5, 3.75, 1]]);
    expect(await prepare({ rows: rows("5", "x", "3") }, { classes: null })).toMatchObject({
      classes: null,
      wrong: [{ line: 3, reason: 'its label "x" is not a number' }],
    });
  });

  test("that are given decide, and what is outside is named by line", async () => {
    const data = await prepare(
      { rows: rows("same", "maybe", "different"), wrong: [{ line: 1, reason: "is null" }], wrongTotal: 1 },
      { classes: ["different", "same"] },
    );
    expect(data.train.map(({ label }) => label)).toEqual([1, 0]);
    expect(data.wrong).toEqual([
      { line: 1, reason: "is null" },
      { line: 3, reason: 'its label "maybe" is not one of the classes (different, same)' },
    ]);
    expect(data.wrongTotal).toBe(2);
  });

  test("a label of held-out rows alone is an error", async () => {
    expect(await problem({ rows: rows("a", "b"), heldOut: rows("a", "c") })).toBe(
      'data.eval_source: the row of line 3 has the label "c", which no training row has (a, b). Correct the label, or give training rows of that class',
    );
  });

  test("a part split off by chance takes no class away from training", async () => {
    const labels = Array.from({ length: 40 }, (_, i) => (i < 20 ? `rare ${i}` : "often"));
    const data = await prepare({ rows: rows(...labels) }, { evalShare: 0.5 });
    expect(data.classes!.length).toBe(21);
    expect(data.train.length + data.heldOut.length).toBe(40);
    expect(data.heldOut.length).toBeGreaterThan(0);
    expect(data.heldOutRows.every(({ label }) => label === "often")).toBe(true);
    expect(data.heldOut.length).toBe(data.heldOutRows.length);
  });

  test("too few or too many", async () => {
    expect(await problem({ rows: rows(-1, -1) })).toContain(
      'all 2 training rows have the label "-1": there is nothing to tell apart. Give rows of at least two classes (−1 marks',
    );
    expect(await problem({ rows: [] })).toContain("data.source: has no training rows");
    expect(await problem({ rows: rows(...Array.from({ length: 1001 }, (_, i) => `t${i}`)) })).toContain("1,001 different values (limit 1,000)");
  });
});

test("empty texts are left out; with none left it is an error that says why", async () => {
  const empty: LabelledRow[] = [
    { text: " ", label: "a", line: 2 },
    { text: "tom", text2: "", label: "b", line: 3 },
  ];
  expect((await prepare({ rows: [...rows("a", "b"), ...empty] })).wrong.map(({ reason }) => reason)).toEqual(["has an empty text", "has an empty text"]);
  expect(await problem({ rows: empty })).toBe("data.source: none of its 2 rows can be used; line 2: has an empty text. Correct the rows");
  expect(await problem({ rows: rows("a", "b") }, { limit: 0 })).toContain("has no training rows. Raise data.limit");
});

test("of data.eval_source, what is left out is told as such", async () => {
  const evaluation = { heldOut: [...rows("a"), { text: " ", label: "a", line: 3 }], fromEvalSource: true };
  const data = await prepare({ rows: [...rows("a", "b"), { text: " ", label: "a", line: 4 }], ...evaluation });
  expect(data.wrong).toEqual([
    { line: 4, reason: "has an empty text" },
    { line: 3, reason: "(evaluation data) has an empty text" },
  ]);
  expect([data.wrongTotal, data.heldOut.length]).toEqual([2, 1]);
  expect(await problem({ rows: rows("a", "b"), ...evaluation }, { limit: 0 })).toBe("data.source: has no training rows. Raise data.limit or give more rows");
});

test("limit, truncation, and no room for a text", async () => {
  const data = await prepare({ rows: rows("a", "b", "a"), heldOut: [{ text: "tom saw ann tom saw ann", label: "a" }] }, { limit: 2, maxLength: 5 });
  expect([data.train.length, data.heldOut.length, data.truncated]).toEqual([2, 1, 1]);
  expect(data.heldOut[0].ids.length).toBe(5);
  expect(await problem({ rows: rows("a", "b") }, { maxLength: 4 })).toBe(
    "data.max_length: 4 tokens leave no room for two texts beside 3 special tokens. Set it to 5 or more",
  );
});

test("preview: tokens spelled out, the label beside them", async () => {
  const data = await prepare({ rows: [{ text: "Tom walked.", text2: "Tom ran", label: "no" }, ...rows("yes")], heldOut: rows("no") });
  const shown = previewClassification(data, tokenizer, { first: 0, rows: 1 });
  expect(shown.rows[0].map(({ text }) => text)).toEqual(["[CLS]", " tom", " walk", "ed", " .", " [SEP]", " tom", " ran", " [SEP]"]);
  expect(shown.rows[0].some(({ trained }) => trained)).toBe(false);
  expect(shown).toMatchObject({ labels: ["no"], trainRows: 2, evalRows: 1, wrongTotal: 0, truncated: 0 });
  expect(shown.lengths.reduce((sum, [, n]) => sum + n, 0)).toBe(3);
  expect(previewClassification(await prepare({ rows: rows(0.5, 1.25) }), tokenizer, { first: 0, rows: 2 }).labels).toEqual(["0.5", "1.25"]);
});
