// Classification data from files: columns by name, GLUE's own files with their stray quotes, CSV with broken ones, JSON.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/data/error.ts";
import { metricsOf } from "../../src/data/labelled-tasks.ts";
import { type ParsedLabelled, parseLabelled } from "../../src/data/parse-labelled.ts";

const parse = (text: string, name: string, columns = {}): Promise<ParsedLabelled> => parseLabelled(new TextEncoder().encode(text), name, columns);
const table = (...rows: string[][]) => rows.map((row) => row.join("\t")).join("\n") + "\n";
const problem = (text: string, name = "rows.csv", columns = {}): Promise<string> =>
  parse(text, name, columns).then(
    () => "no error",
    (error: unknown) => (error instanceof DataError ? error.message : `not a DataError: ${String(error)}`),
  );

describe("GLUE's own files", () => {
  test("MRPC: a byte order mark, CRLF, and quotes that are characters", async () => {
    const file = [
      "\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String",
      '1\t7\t8\t"I am glad, said the man.\t"I am happy," he said.',
      '0\t9\t10\tThe 5" disk.\t"',
      "1\t11\t12\tonly four",
    ].join("\r\n");
    const { rows, wrong, task, columns } = await parse(file, "train.txt");
    expect(rows).toEqual([
      { text: '"I am glad, said the man.', text2: '"I am happy," he said.', label: "1", line: 2 },
      { text: 'The 5" disk.', text2: '"', label: "0", line: 3 },
    ]);
    expect(wrong).toEqual([{ line: 4, reason: "has 4 fields, the first line has 5 (Quality, #1 ID, #2 ID, #1 String, #2 String)" }]);
    expect([task, columns]).toEqual(["mrpc", { text: "#1 String", text2: "#2 String", label: "Quality" }]);
  });

  test("CoLA has no header", async () => {
    const { rows, task } = await parse(table(["gj04", "1", "", "The boat sank."], ["gj04", "0", "*", "Boat the sank."]), "CoLA/train.tsv");
    expect(rows).toEqual([
      { text: "The boat sank.", label: "1", line: 1 },
      { text: "Boat the sank.", label: "0", line: 2 },
    ]);
    expect(task).toBe("cola");
  });

  test("RTE, SST-2, QNLI, STS-B", async () => {
    const rte = await parse(table(["index", "sentence1", "sentence2", "label"], ["0", "A cat sat.", "A cat sat down.", "entailment"]), "RTE/train.tsv");
    expect(rte).toMatchObject({ task: "rte", rows: [{ text: "A cat sat.", text2: "A cat sat down.", label: "entailment" }] });
    const sst = await parse(table(["sentence", "label"], ["a fine film ", "1"]), "SST-2/dev.tsv");
    expect(sst).toMatchObject({ task: "sst-2", rows: [{ text: "a fine film ", label: "1", line: 2 }] });
    const qnli = await parse(table(["index", "question", "sentence", "label"], ["0", "Who sat?", "A cat sat.", "entailment"]), "QNLI/train.tsv");
    expect(qnli).toMatchObject({ task: "qnli", rows: [{ text: "Who sat?", text2: "A cat sat." }] });
    const header = ["index", "genre", "filename", "year", "old_index", "source1", "source2", "sentence1", "sentence2", "score"];
    const row = (score: string) => ["0", "main", "f", "2012", "1", "none", "none", "A plane.", "A jet.", score];
    const sts = await parse(table(header, row("5.000"), row("high"), row("3.8")), "train.tsv");
    expect(sts).toMatchObject({ task: "sts-b", classes: null, rows: [{ label: "5.000" }, { label: "3.8" }] });
    expect(sts.wrong).toEqual([{ line: 3, reason: 'score is "high", not a number' }]);
  });

  test("a text and a number without a header, in either order", async () => {
    expect(await parse("a fine film\t1\nno\t0\n", "SST2-sentences/dev.tsv")).toMatchObject({
      task: "sst-2",
      rows: [
        { text: "a fine film", label: "1", line: 1 },
        { text: "no", label: "0", line: 2 },
      ],
    });
    expect((await parse("1,fine\n0,no\n", "x.csv")).rows).toMatchObject([{ text: "fine", label: "1" }, { text: "no" }]);
  });

  test("test parts have no labels, and the message says so", async () => {
    expect(await problem(table(["index", "sentence"], ["0", "a film"]), "SST-2/test.tsv")).toBe(
      "SST-2/test.tsv: has no column for the label (it has: index, sentence). Name it in data.columns.label, or call it label. Test parts of benchmarks come without labels: use the training part",
    );
  });
});

describe("JSON", () => {
  test("Hugging Face's columns; labels are numbers, texts or truth values", async () => {
    const file =
      '{"sentence1":"a","sentence2":"b","label":0,"idx":0}\n\n{"sentence1":"c","sentence2":"d","label":"yes"}\n{"sentence1":"e","sentence2":"f","label":true}';
    expect(await parse(file, "mrpc.jsonl")).toMatchObject({
      task: "mrpc",
      rows: [
        { text: "a", text2: "b", label: 0, line: 1 },
        { text: "c", text2: "d", label: "yes", line: 3 },
        { text: "e", text2: "f", label: "true", line: 4 },
      ],
    });
    expect((await parse('[{"text":"a","label":1},{"text":"b","label":0}]', "x.json")).rows[1]).toEqual({ text: "b", label: 0, line: 2 });
  });

  test("wrong rows are named by line", async () => {
    const rows = [
      '{"text":"a","label":1}',
      "{broken",
      "3",
      '{"text":5,"label":1}',
      '{"text":" ","label":1}',
      '{"text":"a","label":null}',
      '{"text":"a","label":""}',
      '{"text":"a"}',
    ];
    const { wrong } = await parse(rows.join("\n"), "x.jsonl");
    expect(wrong.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(wrong[0].reason).toMatch(/^is not JSON/);
    expect(wrong.slice(1).map(({ reason }) => reason)).toEqual([
      "is a number, not an object",
      "text is a number, not a string",
      "text is empty",
      "label is null, not a label",
      "label is empty",
      "has no label (it has: text)",
    ]);
  });
});

describe("CSV", () => {
  test("quotes, doubled quotes, line ends in fields, empty lines; lines are the file's", async () => {
    const file = 'text,label\r\n"He said ""no"", twice",a\r\n\r\n"two\r\nlines",b\r\nlast,a';
    expect((await parse(file, "x.csv")).rows).toEqual([
      { text: 'He said "no", twice', label: "a", line: 2 },
      { text: "two\nlines", label: "b", line: 4 },
      { text: "last", label: "a", line: 6 },
    ]);
  });

  test("semicolons; a tab-separated .csv; columns in other case", async () => {
    expect((await parse("Review;Sentiment\ngood, cheap;1\nbad;0\n", "x.csv")).rows).toMatchObject([{ text: "good, cheap", label: "1" }, { text: "bad" }]);
    expect((await parse('text\tlabel\n"a\tb"\t1\n', "x.csv")).rows).toMatchObject([{ text: "a\tb", label: "1" }]);
  });

  test("a broken quote costs its own line and is named", async () => {
    const file = ["text,label", "fine,1", '"never closed,0', "after it,1", '"bad" start,0', '"he said "no" here",1', '5" disk,0', "end,1"].join("\n");
    const { rows, wrong } = await parse(file, "x.csv");
    expect(rows.map(({ line }) => line)).toEqual([2, 4, 6, 7, 8]);
    expect(rows.map(({ text }) => text)).toEqual(["fine", "after it", 'he said "no" here', '5" disk', "end"]);
    expect(wrong).toEqual([
      { line: 3, reason: "opens a quote that is never closed" },
      { line: 5, reason: "has a quote inside a quoted field that is not written twice" },
    ]);
    const { rows: kept, wrong: lost } = await parse(`text,label\n"open,1\n${"row,0\n".repeat(500)}`, "x.csv");
    expect(kept.length).toBe(500);
    expect(lost).toEqual([{ line: 2, reason: "opens a quote that is never closed" }]);
    expect(await problem(`text,label\n${'"a" b,1\n'.repeat(200)}`, "x.csv")).toContain("its quotes are broken in more than 100 lines");
  });

  test("what papaparse would write is read again", async () => {
    const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", ";", "\n", " ", "é"), minLength: 1, maxLength: 8 }).filter((text) => text.trim() !== "");
    const write = (text: string) => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, fc.constantFrom("x", "y")), { minLength: 1, maxLength: 5 }), async (cells) => {
        const { rows, wrongTotal } = await parse(`text,label\n${cells.map((row) => row.map(write).join(",")).join("\n")}`, "x.csv");
        expect(rows.map(({ text, label }) => [text, label])).toEqual(cells);
        expect(wrongTotal).toBe(0);
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});

describe("columns", () => {
  test("given by name, whatever they are called; a given text is read alone", async () => {
    const file = "question,answer,good\nwho?,me,1\n";
    expect((await parse(file, "x.csv", { text: "question", text2: "answer", label: "good" })).rows).toEqual([
      { text: "who?", text2: "me", label: "1", line: 2 },
    ]);
    expect((await parse("sentence1,sentence2,label\na,b,1\n", "x.csv", { text: "sentence2" })).rows).toEqual([{ text: "b", label: "1", line: 2 }]);
  });

  test("missing ones are an error that lists those there are", async () => {
    expect(await problem("title,stars\na,1\n")).toBe(
      "rows.csv: has no column for the text (it has: title, stars). Name it in data.columns.text, or call it text or sentence",
    );
    expect(await problem("text,stars\na,1\n")).toContain("has no column for the label (it has: text, stars)");
    expect(await problem("text,label\na,1\n", "rows.csv", { label: "stars" })).toBe(
      'rows.csv: has no column "stars" (it has: text, label). Correct data.columns.label, or leave it out to have the column found by its name',
    );
    expect(await problem("text,label\na,1\n", "rows.csv", { text: "text", label: "text" })).toContain("names one column twice");
  });

  test("no rows, and none that can be used", async () => {
    expect(await problem("")).toContain("rows.csv: holds no rows");
    expect(await problem("text,label\n")).toContain("rows.csv: holds no rows");
    expect(await problem("text,label\n,1\n")).toContain("none of its 1 rows can be used; the first, line 2: text is empty");
    await expect(parseLabelled(Uint8Array.of(0xff, 0xfe, 0x61, 0), "rows.csv")).rejects.toThrow("rows.csv: is UTF-16 text. Save it as UTF-8");
  });

  test("any bytes give rows or a DataError", async () => {
    const piece = fc.constantFrom("text", "label", ",", "\t", '"', "\n", "\r\n", "1", "a", "{", "}", "[", ":", "\uFEFF", "__proto__");
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), fc.constantFrom("x.csv", "x.tsv", "x.jsonl"), async (pieces, name) => {
        expect(await problem(pieces.join(""), name)).not.toContain("not a DataError");
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

test("metrics of the tasks", () => {
  const two = ["0", "1"];
  expect(metricsOf("mrpc", two)).toEqual(["accuracy", "f1"]);
  expect(metricsOf("cola", two)).toEqual(["matthews"]);
  expect(metricsOf("sts-b", null)).toEqual(["pearson"]);
  expect(metricsOf("rte", two)).toEqual(["accuracy"]);
  expect(metricsOf(null, two)).toEqual(["accuracy"]);
  expect(metricsOf(null, null)).toEqual(["pearson"]);
  expect(metricsOf("cola", ["a", "b", "c"])).toEqual(["accuracy"]);
  expect(metricsOf("constructor", two)).toEqual(["accuracy"]);
});
