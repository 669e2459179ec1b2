// Own files in every format: recognised by their columns, read as a mapping says, and what is wrong with a row.
import { describe, expect, test } from "vitest";
import { columnsOf } from "../../src/data/columns.ts";
import { parseRows, type ReadingRows } from "../../src/data/parse.ts";
import { recognise, rowFormats } from "../../src/data/row-formats.ts";
import type { RunConfig } from "../../src/protocol.ts";
import { firstRun } from "../../src/train/config.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const parse = (rows: unknown[] | string, how: Partial<ReadingRows> = {}, name = "rows.jsonl") =>
  parseRows(utf8(typeof rows === "string" ? rows : rows.map((row) => JSON.stringify(row)).join("\n")), name, { format: "auto", ...how });
const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const system = (content: string) => ({ role: "system", content });

describe("recognised", () => {
  test.each([
    ["messages", { messages: [user("a"), assistant("b")] }, { messages: [user("a"), assistant("b")] }],
    [
      "messages",
      {
        conversation: [
          { role: "human", content: "a" },
          { role: "bot", content: [{ type: "text", text: "b" }] },
        ],
        id: 1,
      },
      { messages: [user("a"), assistant("b")] },
    ],
    [
      "sharegpt",
      {
        conversations: [
          { from: "human", value: "a" },
          { from: "gpt", value: "b" },
        ],
        system: "s",
      },
      { messages: [system("s"), user("a"), assistant("b")] },
    ],
    [
      "sharegpt",
      {
        conversations: [
          { from: "system", value: "s" },
          { from: "human", value: "a" },
          { from: "gpt", value: "b" },
        ],
      },
      { messages: [system("s"), user("a"), assistant("b")] },
    ],
    ["alpaca", { instruction: "a", input: "", output: "b" }, { messages: [user("a"), assistant("b")] }],
    [
      "alpaca",
      { instruction: "a", input: "c", output: "b", system: "s", history: [["h", "i"]] },
      { messages: [system("s"), user("h"), assistant("i"), user("a\nc"), assistant("b")] },
    ],
    ["alpaca", { instruction: "a", context: null, response: "b", category: "qa" }, { messages: [user("a"), assistant("b")] }],
    ["alpaca", { question: "a", answer: "b" }, { messages: [user("a"), assistant("b")] }],
    ["alpaca", { input: "a", output: "b" }, { messages: [user("a"), assistant("b")] }],
    ["prompt-completion", { prompt: "a", completion: " b", text: "t" }, { prompt: "a", completion: " b" }],
    ["prompt-completion", { prompt: [user("a")], completion: [assistant("b")] }, { messages: [user("a"), assistant("b")] }],
    ["classification", { text: "a", label: "b" }, { prompt: "a\nlabel:", completion: " b" }],
    ["classification", { sentence1: "a", sentence2: "b", label: 1 }, { prompt: "a\nb\nlabel:", completion: " 1" }],
    ["text", { text: "a", source: "web" }, { text: "a" }],
    ["text", { Content: "a" }, { text: "a" }],
  ] as const)("%s: %j", async (format, row, read) => {
    const parsed = await parse([row]);
    expect(parsed.format).toBe(format);
    expect(parsed.rows).toEqual([{ ...read, line: 1 }]);
  });

  test("row by row, where a file mixes them; most decide what the file is", async () => {
    const parsed = await parse([{ text: "a" }, { prompt: "a", completion: "b" }, { text: "c" }]);
    expect(parsed.rows).toEqual([
      { text: "a", line: 1 },
      { prompt: "a", completion: "b", line: 2 },
      { text: "c", line: 3 },
    ]);
    expect(parsed.format).toBe("text");
  });

  test("tables: a header, quotes, tabs, a conversation as JSON in a field", async () => {
    expect((await parse('prompt,completion\n"a, b"," c"\n', {}, "x.csv")).rows).toEqual([{ prompt: "a, b", completion: " c", line: 2 }]);
    expect((await parse("question\tanswer\na\tb\n", {}, "x.tsv")).rows).toEqual([{ messages: [user("a"), assistant("b")], line: 2 }]);
    const json = JSON.stringify([user("a"), assistant("b")]).replaceAll('"', '""');
    expect((await parse(`id,messages\n1,"${json}"\n`, {}, "x.csv")).rows).toEqual([{ messages: [user("a"), assistant("b")], line: 2 }]);
  });

  test("without an ending: JSON, a table or paragraphs by the first line", async () => {
    expect((await parse('{"text":"a"}', {}, "pasted")).rows).toEqual([{ text: "a", line: 1 }]);
    expect((await parse("prompt,completion\na,b\n", {}, "pasted")).rows).toEqual([{ prompt: "a", completion: "b", line: 2 }]);
    expect((await parse("prompt\tcompletion\na\tb\n", {}, "pasted")).rows).toEqual([{ prompt: "a", completion: "b", line: 2 }]);
    expect((await parse("Once upon a time, there was a cat.\nIt ran.\n\nThe end.", {}, "pasted")).rows).toEqual([
      { text: "Once upon a time, there was a cat.\nIt ran.", line: 1 },
      { text: "The end.", line: 4 },
    ]);
  });

  test("no column is taken twice, inherited names are none", () => {
    expect(recognise({ input: "a" }, "auto")).toBeNull();
    expect(recognise({ constructor: "a" }, "auto")).toBeNull();
    expect(recognise({ prompt: "a", chosen: "b", rejected: "c" }, "auto")).toBeNull();
  });
});

describe("a mapping", () => {
  test("tells the format where that is open", async () => {
    expect((await parse([{ frage: "a", antwort: "b" }], { columns: { prompt: "frage", completion: "antwort" } })).rows).toEqual([
      { prompt: "a", completion: "b", line: 1 },
    ]);
    expect((await parse([{ frage: "a", antwort: "b" }], { columns: { instruction: "frage", output: "antwort" } })).format).toBe("alpaca");
    expect((await parse([{ a: "x", text: "y" }], { columns: { text: "a" } })).rows).toEqual([{ text: "x", line: 1 }]);
  });

  test("that names all that is needed is taken as it is: no column beside it", async () => {
    const row = { instruction: "a", input: "c", output: "b", system: "s" };
    expect((await parse([row], { format: "alpaca", columns: { instruction: "instruction", output: "output" } })).rows).toEqual([
      { messages: [user("a"), assistant("b")], line: 1 },
    ]);
  });

  test("may name a part; the rest is found by name", async () => {
    expect((await parse([{ q: "a", completion: "b" }], { format: "prompt-completion", columns: { prompt: "q" } })).rows).toEqual([
      { prompt: "a", completion: "b", line: 1 },
    ]);
  });

  test("of columns that are not there is an error that lists those there are", async () => {
    await expect(parse([{ a: "x" }], { columns: { text: "b" } })).rejects.toThrow("line 1: has no b (it has: a)");
    await expect(parse([{ a: "x" }], { format: "alpaca" })).rejects.toThrow("line 1: has no instruction and output (it has: a)");
  });

  test.each(rowFormats.map((format) => [format.name, format] as const))("%s is read by any names", (_, { roles, name }) => {
    const values = Object.fromEntries(roles.map(({ role }, i) => [`column ${i}`, role === "messages" ? [{ role: "user", content: "a" }, { role: "assistant", content: "b", from: "gpt", value: "b" }] : role === "history" ? [] : role])); // prettier-ignore
    const mapping = Object.fromEntries(roles.map(({ role }, i) => [role, `column ${i}`]));
    const found = recognise(values, name, mapping)!;
    expect(found.format.name).toBe(name);
    expect(typeof found.format.read(values, found.mapping)).toBe("object");
  });
});

test("what is wrong with a row is named", async () => {
  const rows = [
    { messages: [user("a"), assistant("b")] },
    { messages: "no" },
    { messages: [] },
    { messages: [user("a")] },
    { messages: [user("a"), { role: "queen", content: "b" }] },
    { messages: [{ role: "constructor", content: "c" }, user("a"), assistant("b")] },
    { messages: [user("a"), { role: "assistant", tool_calls: [] }] },
    { messages: [{ role: "user", content: 5 }, assistant("b")] },
    { messages: [user("a"), "b"] },
    { messages: [user("a"), assistant("b"), user("c")] },
  ];
  const { rows: read, wrong } = await parse(rows, { format: "messages" });
  expect(read).toEqual([
    { messages: [user("a"), assistant("b")], line: 1 },
    { messages: [user("a"), assistant("b")], line: 10 },
  ]);
  expect(wrong.map(({ reason }) => reason)).toEqual([
    "messages is a string, not a list of messages",
    "messages holds no answer of an assistant: there is nothing to learn",
    "messages holds no answer of an assistant: there is nothing to learn",
    expect.stringMatching(/^message 2 has the role "queen" \(known: system, developer, user/),
    expect.stringMatching(/^message 1 has the role "constructor" \(known: /),
    "message 2 calls a tool: only messages of text are read",
    "message 1 has a number as content, not a text",
    "message 2 is a string, not an object",
  ]);
  const alpaca = await parse([{ instruction: "a", output: "b" }, { instruction: "", output: "b" }, { instruction: "a", output: " " }, { instruction: "a", output: "b", history: "no" }]); // prettier-ignore
  expect(alpaca.wrong.map(({ line, reason }) => [line, reason])).toEqual([
    [2, "instruction is empty: there is nothing to learn"],
    [3, "output is empty: there is nothing to learn"],
    [4, "history is no list of pairs [instruction, output]"],
  ]);
});

test("a column that is sometimes a number", async () => {
  const { rows, wrong } = await parse([
    { prompt: "2+2=", completion: "4" },
    { prompt: "3+3=", completion: 6 },
    { prompt: 7, completion: "x" },
  ]);
  expect(rows).toHaveLength(1);
  expect(wrong).toEqual([
    { line: 2, reason: "completion is a number, not a string" },
    { line: 3, reason: "prompt is a number, not a string" },
  ]);
  const labels = await parse([
    { text: "a", label: 1 },
    { text: "b", label: "good" },
    { text: "c", label: [1] },
  ]);
  expect(labels.rows.map((row) => "completion" in row && row.completion)).toEqual([" 1", " good"]);
  expect(labels.wrong).toEqual([{ line: 3, reason: "label is a list, not a label" }]);
});

describe("the columns of a file, for the form", () => {
  const config = (data: Partial<RunConfig["data"]> = {}, task: RunConfig["model"]["task"] = "causal-lm"): RunConfig => ({
    ...firstRun,
    model: { ...firstRun.model, task },
    data: { ...firstRun.data, ...data },
  });
  const columns = (text: string, name: string, c = config()) => columnsOf(utf8(text), name, c);

  test("with examples, and what they are taken for", async () => {
    expect(await columns('{"instruction":"","n":3,"output":"b"}\n{"instruction":"a","output":"c","new":[1]}', "x.jsonl")).toEqual({
      columns: [
        { name: "instruction", example: "a" },
        { name: "n", example: "3" },
        { name: "output", example: "b" },
        { name: "new", example: "[1]" },
      ],
      format: "alpaca",
      mapping: { instruction: "instruction", output: "output" },
    });
    expect(await columns("a,b\n1,2\n", "x.csv")).toMatchObject({ format: null, columns: [{ name: "a" }, { name: "b" }] });
    expect(await columns("a,b\n1,2\n", "x.csv", config({ columns: { prompt: "a", completion: "b" } }))).toMatchObject({ format: "prompt-completion" });
  });

  test("with labels", async () => {
    const labelled = config({}, "classification");
    expect(await columns("sentence,stars\na,2\n", "x.csv", labelled)).toMatchObject({ format: null });
    expect(await columns("sentence,label\na,2\n", "x.csv", labelled)).toMatchObject({
      format: "classification",
      mapping: { text: "sentence", label: "label" },
    });
  });

  test("there are none of plain text, of nothing, of what cannot be read", async () => {
    for (const [text, name] of [
      ["Once.\n\nTwice.", "x.txt"],
      ["", "x.jsonl"],
      ["[1, 2", "x.json"],
      ["{broken", "x.jsonl"],
    ])
      expect(await columns(text, name)).toBeNull();
  });
});
