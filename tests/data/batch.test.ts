// Rows → examples → batches: which tokens count, what is cut, and that position t predicts token t + 1.
import { describe, expect, test } from "vitest";
import { encodePrompt, encodeRows, IGNORE, makeBatch, order, orderByLength, split, type Example } from "../../src/data/batch.ts";
import { DataError } from "../../src/data/error.ts";
import { prepare } from "../../src/data/prepare.ts";
import { preview } from "../../src/data/preview.ts";
import { talesQa } from "../../src/data/tales-qa.ts";
import type { TextTokenizer } from "../../src/data/tokenizer.ts";
import { Batches } from "../../src/train/rows.ts";
import { talesTokenizer } from "./tales-model.ts";

const tokenizer = talesTokenizer();
const { train, heldOut } = talesQa(0);
const encode = (rows: Parameters<typeof encodeRows>[0], maxLength = 128) => encodeRows(rows, tokenizer, maxLength);

describe("examples", () => {
  test("exactly the completion and the end token count", async () => {
    const rows = train.slice(0, 300) as { prompt: string; completion: string }[];
    for (const [i, { ids, labels }] of (await encode(rows)).examples.entries()) {
      expect(ids.length).toBe(labels.length);
      expect(labels.every((label, t) => label === IGNORE || label === ids[t])).toBe(true);
      const counted = labels.filter((label) => label !== IGNORE);
      expect(tokenizer.decode(counted, true)).toBe(rows[i].completion + "<|endoftext|>");
      expect(tokenizer.decode(ids, true)).toBe(`<|endoftext|>${rows[i].prompt}${rows[i].completion}<|endoftext|>`);
      // generation from the prompt starts with the very tokens that stood before the answer
      expect(encodePrompt(rows[i].prompt, tokenizer, 128)).toEqual(ids.slice(0, ids.length - counted.length));
    }
  });

  test("text counts throughout", async () => {
    const [{ ids, labels }] = (await encode([{ text: "Tom had a red kite." }])).examples;
    expect(ids).toEqual([0, ...tokenizer.encode("Tom had a red kite."), 0]);
    expect(labels).toEqual(ids);
  });

  test("where a token would straddle prompt and completion, both keep their own tokens", async () => {
    expect(tokenizer.encode("Tom went to the par" + "k")).not.toEqual([...tokenizer.encode("Tom went to the par"), ...tokenizer.encode("k")]);
    const [{ ids, labels }] = (await encode([{ prompt: "Tom went to the par", completion: "k" }])).examples;
    expect(ids).toEqual([0, ...tokenizer.encode("Tom went to the par"), ...tokenizer.encode("k"), 0]);
    expect(labels.filter((label) => label !== IGNORE)).toEqual([...tokenizer.encode("k"), 0]);
  });

  test("too long: the prompt loses its beginning, the answer stays; what cannot fit is named", async () => {
    const prompt = "One day, Tom went to the park with a kite.\nQ: Where did Tom go?\nA:";
    const completion = " to the park.";
    const answer = [...tokenizer.encode(completion), 0];
    const { examples, truncated, dropped } = await encode(
      [
        { prompt, completion },
        { prompt, completion: completion.repeat(5), line: 7 },
      ],
      12,
    );
    expect([examples.length, truncated]).toEqual([1, 1]);
    expect(examples[0].ids).toEqual([0, ...tokenizer.encode(prompt).slice(-(11 - answer.length)), ...answer]);
    expect(dropped).toEqual([{ line: 7, reason: "its completion has 20 tokens, which do not fit in data.max_length 12" }]);
    expect((await encode([{ text: prompt }], 6)).examples[0].ids).toEqual([0, ...tokenizer.encode(prompt).slice(0, 5)]);
    expect(encodePrompt(prompt, tokenizer, 5)).toEqual([0, ...tokenizer.encode(prompt).slice(-4)]);
  });

  test("without bos and eos a row of one token has nothing to predict", async () => {
    const bare: TextTokenizer = { ...tokenizer, addBos: false, bosId: null, eosId: null };
    const { examples, dropped } = await encodeRows([{ text: "A" }, { prompt: "", completion: "A" }, { prompt: "A", completion: "A" }], bare, 16);
    expect([examples.length, dropped.map(({ line }) => line)]).toEqual([1, [1, 2]]);
  });
});

describe("batches", async () => {
  const examples = (await encode(train.slice(0, 5))).examples;

  test("position t predicts token t + 1; padding and prompt do not count", () => {
    const { B, T, inputIds, labels, attentionMask, tokens } = makeBatch(examples, { padId: 3 });
    expect([B, T % 16, T >= Math.max(...examples.map(({ ids }) => ids.length))]).toEqual([5, 0, true]);
    expect(B * T).toBeLessThanOrEqual(256);
    let counted = 0;
    for (let b = 0; b < B; b++)
      for (let t = 0; t < T; t++) {
        const { ids, labels: own } = examples[b];
        expect(inputIds[b * T + t]).toBe(t < ids.length ? ids[t] : 3);
        expect(attentionMask[b * T + t]).toBe(t < ids.length ? 1 : 0);
        expect(labels[b * T + t]).toBe(t + 1 < ids.length ? own[t + 1] : IGNORE);
        if (labels[b * T + t] !== IGNORE) {
          expect(labels[b * T + t]).toBe(inputIds[b * T + t + 1]);
          counted++;
        }
      }
    expect(tokens).toBe(counted);
    expect(tokens).toBe(examples.flatMap((e) => e.labels).filter((label) => label !== IGNORE).length);
  });

  test("lengths: multiples of 16, given buckets, cut at the longest allowed", () => {
    const row = (n: number): Example => ({ ids: Array.from({ length: n }, (_, i) => i), labels: Array.from({ length: n }, (_, i) => i) });
    expect([1, 16, 17, 48].map((n) => makeBatch([row(n)]).T)).toEqual([16, 16, 32, 48]);
    expect(makeBatch([row(20)], { buckets: [24, 64] }).T).toBe(24);
    expect(makeBatch([row(20)], { maxLength: 22 }).T).toBe(22);
    const cut = makeBatch([row(100)], { buckets: [24, 64] });
    expect([cut.T, cut.tokens, cut.labels[63], cut.labels[62]]).toEqual([64, 63, IGNORE, 63]);
  });

  test("rows that fill up a batch count nothing", () => {
    const full = makeBatch(examples.slice(0, 2), { rows: 5 });
    const bare = makeBatch(examples.slice(0, 2));
    expect([full.B, full.T, full.tokens]).toEqual([5, bare.T, bare.tokens]);
    expect(full.labels.subarray(2 * full.T).every((label) => label === IGNORE)).toBe(true);
    expect(full.attentionMask.subarray(4 * full.T)[0]).toBe(1);
    expect(() => makeBatch([])).toThrow(RangeError);
  });
});

test("order: every row once an epoch, another order in the next", () => {
  expect([...order(0, 0, 50)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect([...order(0, 1, 50)]).not.toEqual([...order(0, 0, 50)]);
  expect([...order(0, 1, 50)]).toEqual([...order(0, 1, 50)]);
});

describe("order by length", () => {
  const lengths = Array.from({ length: 997 }, (_, i) => 4 + ((i * 7919) % 120));
  const waste = (rows: Int32Array, batch: number) => {
    let padded = 0;
    for (let at = 0; at + batch <= rows.length; at += batch) {
      const own = [...rows.subarray(at, at + batch)].map((row) => lengths[row]);
      padded += Math.max(...own) * batch - own.reduce((a, b) => a + b, 0);
    }
    return padded;
  };

  test("every row once an epoch, rows of like length in a batch, batches in another order", () => {
    const rows = orderByLength(3, 0, lengths, 8);
    expect([...rows].sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
    expect(waste(rows, 8)).toBeLessThan(waste(order(3, 0, 997), 8) / 5);
    const first = Array.from({ length: 20 }, (_, i) => lengths[rows[8 * i]]);
    expect(first).not.toEqual(first.toSorted((a, b) => b - a));
    expect([...orderByLength(3, 1, lengths, 8)]).not.toEqual([...rows]);
    expect([...orderByLength(3, 0, lengths, 8)]).toEqual([...rows]);
  });

  test("epochs that do not begin with a batch", () => {
    // 997 rows, 8 a batch: the second epoch begins with the 3 rows that fill up the last batch of the first
    const rows = orderByLength(3, 1, lengths, 8);
    expect([...rows].sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
    expect(waste(rows.subarray(3), 8)).toBeLessThan(waste(order(3, 1, 997), 8) / 5);
    for (const n of [1, 3, 8, 9])
      expect([...orderByLength(0, 2, lengths.slice(0, n), 8)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  test("batches are a function of the rows drawn: whoever goes on draws the same", () => {
    const train = lengths.map((n, i) => ({ ids: Array.from({ length: n }, () => i), labels: Array.from({ length: n }, () => i) }));
    const data = { train, heldOut: [], prompts: [], tokenizer };
    const all = new Batches(data, 5, 6, 128, 0, true);
    const batches = Array.from({ length: 400 }, () => all.next());
    for (const k of [1, 166, 167, 333]) {
      const later = new Batches(data, 5, 6, 128, 6 * k, true);
      for (let i = k; i < k + 5; i++) expect(later.next()).toEqual(batches[i]);
    }
    const padding = (grouped: boolean) => {
      const some = new Batches(data, 5, 6, 128, 0, grouped);
      return Array.from({ length: 300 }, () => some.next()).reduce((sum, { attentionMask }) => sum + attentionMask.filter((real) => real === 0).length, 0);
    };
    expect(padding(true)).toBeLessThan(padding(false) / 3);
  });
});

test("split: both parts, nothing lost, nothing in both", () => {
  const rows = Array.from({ length: 95 }, (_, i) => i);
  const parts = split(rows, 0.1, 3);
  expect([parts.train.length, parts.heldOut.length]).toEqual([85, 10]);
  expect([...parts.train, ...parts.heldOut].sort((a, b) => a - b)).toEqual(rows);
  expect(split(rows, 0.1, 3)).toEqual(parts);
  expect(split([1, 2], 0.01, 0).heldOut.length).toBe(1);
  expect(split([1, 2], 0.99, 0).train.length).toBe(1);
  expect(split([1], 0.5, 0)).toEqual({ train: [1], heldOut: [] });
  expect(split(rows, 0, 0).heldOut).toEqual([]);
});

describe("prepare and preview", () => {
  const options = { maxLength: 64, evalShare: 0.1, limit: null, seed: 0 };

  test("the bundled set, spelled out", async () => {
    const data = await prepare({ rows: train, heldOut }, tokenizer, options);
    const shown = preview(data, tokenizer, { first: 0, rows: 3 });
    expect([shown.trainRows, shown.evalRows, shown.wrongTotal, shown.truncated, shown.rows.length]).toEqual([4000, 400, 0, 0, 3]);
    for (const [i, row] of shown.rows.entries()) {
      const { prompt, completion } = train[i] as { prompt: string; completion: string };
      expect(row.map(({ text }) => text).join("")).toBe(`<|endoftext|>${prompt}${completion}<|endoftext|>`);
      expect(
        row
          .filter((token) => token.trained)
          .map(({ text }) => text)
          .join(""),
      ).toBe(completion + "<|endoftext|>");
    }
    expect(shown.lengths.reduce((sum, [, count]) => sum + count, 0)).toBe(4400);
    expect(shown.lengths.every(([bound], i) => i === 0 || bound > shown.lengths[i - 1][0])).toBe(true);
    expect(shown.lengths[0][1]).toBeGreaterThan(0);
    expect(shown.lengths.at(-1)![1]).toBeGreaterThan(0);
    const counted = makeBatch(data.train).tokens + makeBatch(data.heldOut).tokens;
    const tokens = [...data.train, ...data.heldOut].reduce((sum, { ids }) => sum + ids.length, 0);
    expect(shown.trainedShare).toBeCloseTo(counted / tokens, 12);
  });

  test("a file: split, limited, with its wrong rows and those that do not fit", async () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({ prompt: "Tom", completion: i === 4 ? " ran".repeat(100) : " ran.", line: i + 2 }));
    const wrong = [{ line: 1, reason: "is not JSON" }];
    const data = await prepare({ rows, wrong, wrongTotal: 1 }, tokenizer, { ...options, limit: 17, evalShare: 0.1 });
    expect(data.train.length + data.heldOut.length).toBe(18);
    expect(data.heldOutRows.length).toBe(data.heldOut.length);
    expect(data.wrong.map(({ line }) => line)).toEqual([1, 6]);
    expect(data.wrongTotal).toBe(2);
  });

  test("nothing left to train on is an error", async () => {
    const rows = [{ prompt: "Tom", completion: " ran".repeat(100) }];
    await expect(prepare({ rows }, tokenizer, options)).rejects.toThrow(DataError);
    await expect(prepare({ rows }, tokenizer, options)).rejects.toThrow("data.source: all 1 rows were left out; line 1: its completion has 100 tokens");
  });
});
