// The visitor's own data: what is wrong is named by line, what is right is kept.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/data/error.ts";
import { parseRows, type ReadingRows } from "../../src/data/parse.ts";
import type { Row } from "../../src/data/row.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const parse = (text: string | Uint8Array | Blob, format: ReadingRows["format"] = "auto", name = "rows.jsonl", columns: ReadingRows["columns"] = {}) =>
  parseRows(typeof text === "string" ? utf8(text) : text, name, { format, columns });

describe("JSONL", () => {
  test("rows with their lines; empty lines, CRLF, a byte order mark and a missing last line end are fine", async () => {
    const file = '\uFEFF{"prompt":"a","completion":"b"}\r\n\r\n   \n{"text":"c","extra":1}\n{"prompt":"","completion":"d"}';
    expect(await parse(file)).toEqual({
      rows: [
        { prompt: "a", completion: "b", line: 1 },
        { text: "c", line: 4 },
        { prompt: "", completion: "d", line: 5 },
      ],
      wrong: [],
      wrongTotal: 0,
      format: "prompt-completion",
    });
  });

  test("only the byte order mark is taken from the first line", async () => {
    await expect(parse('\uFF21{"text":"a"}\n{"text":"b"}')).resolves.toMatchObject({ rows: [{ line: 2 }], wrong: [{ line: 1 }] });
  });

  test("wrong rows are named by line", async () => {
    const good = '{"text":"good"}';
    const lines = [
      good,
      "{broken",
      '"a string"',
      "null",
      "[1]",
      '{"frage":"q","antwort":"a"}',
      '{"text":5}',
      '{"text":""}',
      '{"prompt":"p","completion":null}',
      good,
    ];
    const { rows, wrong, wrongTotal } = await parse(lines.join("\n"));
    expect(rows.map((row) => row.line)).toEqual([1, 10]);
    expect(wrongTotal).toBe(8);
    expect(wrong.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(wrong[0].reason).toMatch(/^is not JSON \(/);
    expect(wrong.slice(1).map(({ reason }) => reason)).toEqual([
      "is a string, not an object",
      "is null, not an object",
      "is a list, not an object",
      "has no prompt and completion, messages, or text (it has: frage, antwort)",
      "text is a number, not a string",
      "text is empty: there is nothing to learn",
      "completion is null, not a string",
    ]);
  });

  test("broken UTF-8 spoils its own line only", async () => {
    const bytes = new Uint8Array([...utf8('{"text":"é"}\n{"text":"'), 0xc3, 0x28, 0xff, ...utf8('"}\n{"text":"b"}\n')]);
    const parsed = await parse(bytes);
    expect(parsed.rows).toEqual([
      { text: "é", line: 1 },
      { text: "b", line: 3 },
    ]);
    expect(parsed.wrong).toEqual([{ line: 2, reason: "is not UTF-8 text" }]);
  });

  test("a line of ten megabytes is named, not swallowed", async () => {
    const { rows, wrong } = await parse(new Blob(['{"text":"a"}\n{"text":"', "x".repeat(10_000_000), '"}\n{"text":"b"}']));
    expect(rows.map(({ line }) => line)).toEqual([1, 3]);
    expect(wrong).toEqual([{ line: 2, reason: "is 10,000,011 bytes long (limit 1,048,576)" }]);
  });

  test("a chosen format asks for its own columns", async () => {
    const both = '{"prompt":"p","completion":"c","text":"t"}\n';
    expect((await parse(both, "auto")).rows).toEqual([{ prompt: "p", completion: "c", line: 1 }]);
    expect((await parse(both, "text")).rows).toEqual([{ text: "t", line: 1 }]);
    const mixed = await parse(both + '{"text":"t"}\n{"prompt":"p"}', "prompt-completion");
    expect(mixed.wrong.map(({ reason }) => reason)).toEqual(["has no prompt and completion (it has: text)", "has no completion (it has: prompt)"]);
  });

  test("names of inherited properties are not columns", async () => {
    await expect(parse('{"__proto__":{"text":"a"}}')).rejects.toThrow("(it has: __proto__)");
  });

  test("a thousand wrong rows are counted, fifty listed", async () => {
    const { wrong, wrongTotal } = await parse("{\n".repeat(1000) + '{"text":"a"}');
    expect([wrong.length, wrongTotal]).toEqual([50, 1000]);
  });
});

describe("other files", () => {
  test("a JSON array: items are numbered", async () => {
    const { rows, wrong } = await parse(' \n[{"text":"a"}, 3, {"text":"b"}]', "auto", "rows.json");
    expect(rows).toEqual([
      { text: "a", line: 1 },
      { text: "b", line: 3 },
    ]);
    expect(wrong).toEqual([{ line: 2, reason: "is a number, not an object" }]);
    await expect(parse('[{"text":', "auto", "rows.json")).rejects.toThrow(/^rows.json: starts like a JSON array but is not one/);
  });

  test("plain text: a row per paragraph", async () => {
    const { rows } = await parse("\n\nOne.\nTwo.\n\n\nThree.", "auto", "tale.txt");
    expect(rows).toEqual([
      { text: "One.\nTwo.", line: 3 },
      { text: "Three.", line: 7 },
    ]);
  });
});

describe("nothing usable is an error with the place and the remedy", () => {
  test.each([
    ["", "rows.jsonl: holds no rows. One object per line"],
    ["\n\r\n  \n", "rows.jsonl: holds no rows."],
    ["[]", "rows.jsonl: holds no rows."],
    ['{"a":1}\n{"a":2}', "rows.jsonl: none of its 2 rows can be used; the first, line 1: has no prompt and completion, messages, or text (it has: a)."],
  ])("%j", async (text, message) => {
    const error: unknown = await parse(text).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toContain(message);
    expect((error as DataError).where).toBe("rows.jsonl");
  });

  test("UTF-16", async () => {
    await expect(parse(new Uint8Array([0xff, 0xfe, 0x7b, 0]))).rejects.toThrow("is UTF-16 text. Save it as UTF-8");
  });
});

test("fuzz: any rows survive being written and read, in any chunks and line ends", async () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 });
  const row = fc.oneof(fc.record({ prompt: fc.string({ unit: "grapheme", maxLength: 30 }), completion: text }), fc.record({ text }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 20 }),
      fc.constantFrom("\n", "\r\n", "\n\n"),
      fc.integer({ min: 1, max: 50 }),
      async (rows, end, size) => {
        const bytes = utf8(rows.map((r) => JSON.stringify(r)).join(end));
        const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
        const parsed = await parse(new Blob(parts));
        expect(parsed.rows.map((row: Row) => ({ ...row, line: 0 }))).toEqual(rows.map((row) => ({ ...row, line: 0 })));
        expect(parsed.wrongTotal).toBe(0);
      },
    ),
    { numRuns: 200, seed: 1 },
  );
});

test("fuzz: arbitrary bytes give rows or a DataError, and every line is accounted for", async () => {
  const line = fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.json().map(utf8), fc.constant(utf8('{"text":"a"}')));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
      const bytes = new Uint8Array(lines.flatMap((l) => [...l, 10]));
      let parsed;
      try {
        parsed = await parse(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        return;
      }
      expect(parsed.rows.length).toBeGreaterThan(0);
      if (!/^\s*\[/.test(new TextDecoder().decode(bytes))) {
        const used = new Set([...parsed.rows, ...parsed.wrong].map((r) => r.line));
        expect(used.size).toBe(parsed.rows.length + parsed.wrongTotal);
      }
    }),
    { numRuns: 300, seed: 2 },
  );
});
