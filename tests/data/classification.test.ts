// Texts with a label as models read them: framing, truncation, batches.
import { describe, expect, test } from "vitest";
import { IGNORE } from "../../src/data/batch.ts";
import { encodeLabelled, longestFirst, makeClassificationBatch } from "../../src/data/classification.ts";
import { bertTokenizer, robertaTokenizer } from "./small-tokenizers.ts";
import { talesTokenizer } from "./tales-model.ts";

const bert = bertTokenizer();
const [CLS, SEP] = [bert.encode("[CLS]")[0], bert.encode("[SEP]")[0]];

describe("framing", () => {
  test("BERT: [CLS] a [SEP] b [SEP], segments 0 and 1; one text has no segments", () => {
    const { example, truncated } = encodeLabelled({ text: "Tom saw Ann", text2: "Ann ran" }, 1, bert, 32);
    expect(bert.decode(example.ids, true)).toBe("[CLS] tom saw ann [SEP] ann ran [SEP]");
    expect(example).toMatchObject({ typeIds: [0, 0, 0, 0, 0, 1, 1, 1], label: 1 });
    expect(truncated).toBe(false);
    expect(encodeLabelled({ text: "Tom ran" }, 0, bert, 32).example).toEqual({ ids: [CLS, ...bert.encode("tom ran"), SEP], label: 0 });
  });

  test("RoBERTa: <s> a </s></s> b </s>, one segment", () => {
    const roberta = robertaTokenizer();
    const { example } = encodeLabelled({ text: "ab", text2: "ba" }, 0, roberta, 32);
    expect(roberta.pieces(example.ids).join("")).toBe("<s>ab</s></s>ba</s>");
    expect(example.typeIds).toBeUndefined();
  });

  test("decoders: bos, a, a line end, b, as the model would read it in one text", () => {
    const tales = talesTokenizer();
    const { example } = encodeLabelled({ text: "Tom saw Lily.", text2: "Lily ran." }, 1, tales, 32);
    expect(example).toEqual({ ids: [tales.bosId, ...tales.encode("Tom saw Lily.\nLily ran.")], label: 1 });
    expect(encodeLabelled({ text: "Tom ran." }, 1, tales, 32).example.ids).toEqual([tales.bosId, ...tales.encode("Tom ran.")]);
    const cut = encodeLabelled({ text: "Tom saw Lily.", text2: "Lily ran." }, 1, tales, 7);
    expect(tales.pieces(cut.example.ids).join("")).toBe("<|endoftext|>Tom saw Lily\nLily ran");
    expect(cut.truncated).toBe(true);
  });
});

/** Python tokenizers 0.23.3: enable_truncation(room + 3, strategy="longest_first"), pairs of a and b tokens under BERT's template. */
const LONGEST_FIRST: [number, number, number, [number, number]][] = [
  [3, 4, 7, [3, 4]],
  [3, 4, 6, [3, 3]],
  [9, 4, 7, [4, 3]],
  [4, 9, 7, [3, 4]],
  [9, 9, 7, [3, 4]],
  [9, 9, 8, [4, 4]],
  [2, 9, 7, [2, 5]],
  [9, 2, 7, [5, 2]],
  [0, 9, 5, [0, 5]],
  [9, 0, 5, [5, 0]],
  [20, 6, 7, [4, 3]],
  [6, 20, 7, [3, 4]],
  [6, 7, 1, [0, 1]],
];

describe("truncation", () => {
  test.each(LONGEST_FIRST)("of %i and %i tokens to %i keeps %j", (a, b, room, kept) => {
    expect(longestFirst(a, b, room)).toEqual(kept);
  });

  test("special tokens stay, segments follow", () => {
    const { example, truncated } = encodeLabelled({ text: "tom saw ann", text2: "ann ran" }, 1, bert, 6);
    expect(bert.decode(example.ids, true)).toBe("[CLS] tom saw [SEP] ann [SEP]");
    expect(example.typeIds).toEqual([0, 0, 0, 0, 1, 1]);
    expect(truncated).toBe(true);
  });
});

describe("makeClassificationBatch", () => {
  const examples = [
    { ids: [5, 6, 7, 8, 9], typeIds: [0, 0, 0, 1, 1], label: 2 },
    { ids: [5, 6, 7], label: 0 },
  ];

  test("pads at the right to a bucket; filled rows count nothing", () => {
    const batch = makeClassificationBatch(examples, { padId: 3, buckets: [4, 6], rows: 3 });
    expect(batch).toEqual({
      B: 3,
      T: 6,
      inputIds: Int32Array.from([5, 6, 7, 8, 9, 3, 5, 6, 7, 3, 3, 3, 5, 6, 7, 8, 9, 3]),
      attentionMask: Int32Array.from([1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 0]),
      typeIds: Int32Array.from([0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0]),
      labels: Int32Array.from([2, 0, IGNORE]),
      rows: 2,
    });
  });

  test("regression has values", () => {
    const batch = makeClassificationBatch([{ ids: [1], label: 2.5 }], { regression: true, rows: 2 });
    expect([batch.B, batch.T, batch.rows]).toEqual([2, 16, 1]);
    expect(batch.values).toEqual(Float32Array.from([2.5, 0]));
    expect(batch.labels).toBeUndefined();
  });

  test("cuts at maxLength and refuses no examples", () => {
    expect(makeClassificationBatch(examples, { maxLength: 4 })).toMatchObject({ T: 4, typeIds: Int32Array.from([0, 0, 0, 1, 0, 0, 0, 0]) });
    expect(() => makeClassificationBatch([])).toThrow(RangeError);
  });
});
