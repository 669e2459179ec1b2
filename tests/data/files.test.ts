// Files as they come: packed, huge, broken. What cannot be used is named by line, memory stays bounded, and any bytes give rows or one clear error.
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { columnsOf } from "../../src/data/columns.ts";
import { DataError } from "../../src/data/error.ts";
import { jsonItems } from "../../src/data/json-items.ts";
import { Kept } from "../../src/data/keep.ts";
import { openText } from "../../src/data/lines.ts";
import { parseLabelled } from "../../src/data/parse-labelled.ts";
import { parseRows } from "../../src/data/parse.ts";
import type { Phase } from "../../src/protocol.ts";
import { firstRun } from "../../src/train/config.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const auto = { format: "auto" } as const;
const parse = (bytes: Uint8Array | Blob | string, name: string) => parseRows(typeof bytes === "string" ? utf8(bytes) : bytes, name, auto);
const gz = (text: string) => new Uint8Array(gzipSync(text));

describe("gzip", () => {
  test("of every kind of file, by its bytes and not its name", async () => {
    expect((await parse(gz('{"text":"a"}\n{"text":"b"}'), "x.jsonl.gz")).rows).toHaveLength(2);
    expect((await parse(gz('[{"text":"a"}]'), "x.json.gz")).rows).toEqual([{ text: "a", line: 1 }]);
    expect((await parse(gz("prompt,completion\na,b\n"), "x.csv.gz")).rows).toEqual([{ prompt: "a", completion: "b", line: 2 }]);
    expect((await parse(gz("One.\n\nTwo."), "x.txt.gz")).rows).toHaveLength(2);
    expect((await parse(gz('{"text":"a"}'), "x.jsonl")).rows).toHaveLength(1);
    expect((await parseLabelled(gz("text\tlabel\na\t1\n"), "x.tsv.gz")).rows).toEqual([{ text: "a", label: "1", line: 2 }]);
  });

  test("cut off or broken: one clear error", async () => {
    const whole = gz(Array.from({ length: 2000 }, (_, i) => JSON.stringify({ text: `row ${(i * 7919) % 1000}` })).join("\n"));
    for (const bytes of [whole.subarray(0, whole.length - 20), whole.subarray(0, 5), whole.map((byte, i) => (i === 100 ? byte ^ 0xff : byte))])
      await expect(parse(bytes, "x.jsonl.gz")).rejects.toThrow(/^x\.jsonl\.gz: is no whole gzip file \(.*\)\. Pack or download it again$/);
  });
});

/** A file of any size that is made while it is read. */
function endless(line: Uint8Array, bytes: number): { blob: Blob; read: () => number } {
  const [block, lines] = [new Uint8Array(line.length * 1000), Math.floor(bytes / line.length / 1000)];
  for (let i = 0; i < 1000; i++) block.set(line, i * line.length);
  let read = 0;
  const stream = () => {
    let left = lines;
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- === 0) return controller.close();
        read += block.length;
        controller.enqueue(block.slice());
      },
    });
  };
  const blob = { size: lines * block.length, stream, slice: (from: number, to: number) => new Blob([block.slice(from, to)]) };
  return { blob: Object.setPrototypeOf(blob, Blob.prototype) as Blob, read: () => read };
}

describe("files larger than what is kept", () => {
  test("a gigabyte: the first rows are kept, reading ends there, and what was not read is said", async () => {
    const { blob, read } = endless(utf8(`${JSON.stringify({ prompt: "a".repeat(60), completion: "b".repeat(20) })}\n`), 2 ** 30);
    const { rows, unread } = await parse(blob, "huge.jsonl");
    expect(rows.length).toBe(200_000);
    expect(read()).toBeLessThan(40e6);
    expect(unread).toMatch(
      /^The first 200,000 rows are used \(16 million characters\); the other 1,0\d\d MB of the file is not read\. Shuffle a sorted file before/,
    );
  });

  test("long rows, packed files and tables too", async () => {
    const long = endless(utf8(`${JSON.stringify({ text: "a".repeat(100_000) })}\n`), 2 ** 29);
    const text = await parse(long.blob, "long.jsonl");
    expect([text.rows.length, text.unread !== undefined]).toEqual([168, true]);
    const bomb = gz(`${'{"text":"' + "a".repeat(1e5)}"}\n`.repeat(1000));
    expect(bomb.length).toBeLessThan(200_000);
    expect((await parse(bomb, "bomb.jsonl.gz")).unread).toContain("the rest of the file is not read");
    const table = endless(utf8("a fine film,1\na bad one,0\n"), 1e8);
    expect((await parseLabelled(table.blob, "x.csv")).unread).toContain("The first 200,000 rows are used");
  });

  test("reading ends after so many bytes even where no row can be used", async () => {
    const { file, kept } = Kept.of(await openText(gz(`${"x".repeat(99)}\n`.repeat(20_000)), "x.jsonl.gz"), {}, { rows: 10, characters: 10, read: 100_000 });
    let bytes = 0;
    for await (const chunk of file.chunks()) bytes += chunk.length;
    expect(bytes).toBeLessThan(400_000);
    expect(kept.unread(false).unread).toContain("The first 0 rows are used");
  });

  test("an array that is cut gives the items before; the columns of a file that is one line are not looked for to its end", async () => {
    const array = await openText(gz(`[${'{"text":"aaaaaaaaa"},'.repeat(100_000)}`), "x.json.gz");
    const { file } = Kept.of(array, {}, { rows: 1e6, characters: Infinity, read: 100_000 });
    let items = 0;
    for await (const { wrong } of jsonItems(file, "")) if (wrong === undefined) items++;
    expect(items).toBeGreaterThan(4000);
    const line = endless(utf8("x".repeat(1000)), 2 ** 30);
    expect(await columnsOf(line.blob, "x.csv", firstRun)).toBeNull();
    expect(line.read()).toBeLessThan(2 ** 26);
  });

  test("one long line is told in numbers, and ends where it is given up", async () => {
    const line = endless(utf8("x".repeat(1000)), 2 ** 30);
    const stop = new AbortController();
    const told: number[] = [];
    const onProgress = ({ done, total }: Phase): void => {
      told.push(done / total);
      if (told.length === 3) stop.abort();
    };
    await expect(parseRows(line.blob, "x.jsonl", { format: "auto" }, { signal: stop.signal, onProgress })).rejects.toThrow(/abort/i);
    expect([told.length, told.every((share, i) => share > (told[i - 1] ?? 0))]).toEqual([3, true]);
  });

  test("a file that is just as large as what is kept is read whole", async () => {
    const { unread, rows } = await parse(new Blob(['{"text":"a"}\n'.repeat(200_000), "\n\n"]), "x.jsonl");
    expect([rows.length, unread]).toEqual([200_000, undefined]);
  });
});

describe("broken files", () => {
  const row = '{"text":"é"}';

  test("UTF-8: of a JSON array only the item, of a table only the line", async () => {
    const bad = (before: string, after: string) => new Uint8Array([...utf8(before), 0xc3, 0x28, ...utf8(after)]);
    expect(await parse(bad('[{"text":"a"},{"text":"', `"},${row}]`), "x.json")).toMatchObject({
      rows: [
        { text: "a", line: 1 },
        { text: "é", line: 3 },
      ],
      wrong: [{ line: 2, reason: "is not UTF-8 text" }],
    });
    expect(await parse(bad("prompt,completion\na,b\nc,", "\nd,é\n"), "x.csv")).toMatchObject({
      rows: [{ line: 2 }, { line: 4 }],
      wrong: [{ line: 3, reason: "is not UTF-8 text" }],
    });
    await expect(parse(Uint8Array.of(0xff, 0xfe, 0x61, 0), "x.csv")).rejects.toThrow("is UTF-16 text. Save it as UTF-8");
    await expect(parse(new Uint8Array(gzipSync(Uint8Array.of(0xfe, 0xff, 0, 0x61))), "x.csv.gz")).rejects.toThrow("is UTF-16 text. Save it as UTF-8");
  });

  test("byte order mark and CRLF, in every kind of file", async () => {
    const mark = "\uFEFF";
    expect((await parse(`${mark}[\r\n${row},\r\n${row}\r\n]\r\n`, "x.json")).rows).toHaveLength(2);
    expect((await parse(`${mark}prompt,completion\r\na,b\r\n`, "x.csv")).rows).toEqual([{ prompt: "a", completion: "b", line: 2 }]);
    expect((await parse(`${mark}prompt\tcompletion\r\na\tb\r\n`, "x.tsv")).rows).toEqual([{ prompt: "a", completion: "b", line: 2 }]);
    expect((await parse(`${mark}One.\r\n\r\nTwo.\r\n`, "x.txt")).rows).toEqual([
      { text: "One.", line: 1 },
      { text: "Two.", line: 3 },
    ]);
  });

  test("ten megabytes without an end of line", async () => {
    const long = "x".repeat(10_000_000);
    const array = await parse(new Blob([`[${row},{"text":"`, long, `"},${row}]`]), "x.json");
    expect(array.rows.map(({ line }) => line)).toEqual([1, 3]);
    expect(array.wrong).toEqual([{ line: 2, reason: "is 10,000,011 bytes long (limit 1,048,576)" }]);
    const table = await parse(new Blob(["prompt,completion\na,", long, "\nc,d\n"]), "x.csv");
    expect([table.rows.length, table.wrong[0].line]).toEqual([1, 2]);
    const text = await parse(new Blob([`${"word ".repeat(10)}\n`.repeat(100_000)]), "x.txt");
    expect(text.rows.length).toBe(5);
    await expect(parse(new Blob(['{"text":"', long, '"}']), "x.jsonl")).rejects.toThrow(
      "none of its 1 rows can be used; the first, line 1: is 10,000,011 bytes long",
    );
  });

  test("deep JSON", async () => {
    const deep = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)},"text":"b"}`;
    expect((await parse(`${deep}\n${row}`, "x.jsonl")).rows).toHaveLength(2);
    expect((await parse(`[${deep},${row}]`, "x.json")).rows).toHaveLength(2);
    expect((await parse(`{"messages":${"[".repeat(100_000)}\n${row}`, "x.jsonl")).wrong[0].reason).toMatch(/^is not JSON/);
    await expect(parse("[".repeat(100_000), "x.json")).rejects.toThrow("starts like a JSON array but is not one (it ends before its last bracket)");
  });

  test("a JSON array: items with brackets and quotes in their texts, wrong ones between, an end that is missing", async () => {
    const texts = ['a]"},{', "b\\", "[c", "d,e"];
    expect((await parse(JSON.stringify(texts.map((text) => ({ text }))), "x.json")).rows.map((r) => "text" in r && r.text)).toEqual(texts);
    expect((await parse(`[${row}, nonsense, 3, , ${row}]`, "x.json")).wrong.map(({ line }) => line)).toEqual([2, 3, 4]);
    await expect(parse(`[${row}, ${row}`, "x.json")).rejects.toThrow("x.json: starts like a JSON array but is not one");
    await expect(parse(`[{"text":"abc`, "x.json")).rejects.toThrow("(it ends inside of a text)");
  });

  test("quotes of a CSV that are never closed cost their line", async () => {
    const { rows, wrong } = await parse('prompt,completion\n"a,b\nc,d\ne,"f\ng,h\n', "x.csv");
    expect(rows.map(({ line }) => line)).toEqual([3, 5]);
    expect(wrong.map(({ line, reason }) => [line, reason])).toEqual([
      [2, "opens a quote that is never closed"],
      [4, "opens a quote that is never closed"],
    ]);
  });
});

describe("fuzz: any bytes give rows or a DataError", () => {
  const names = ["x.jsonl", "x.json", "x.csv", "x.tsv", "x.txt", "x", "x.jsonl.gz"];
  const outcome = async (bytes: Uint8Array, name: string): Promise<void> => {
    for (const read of [() => parse(bytes, name), () => parseLabelled(bytes, name)])
      try {
        const { rows, wrong, wrongTotal } = await read();
        expect(rows.length).toBeGreaterThan(0);
        expect(wrong.length).toBeLessThanOrEqual(wrongTotal);
        for (const { line } of rows) expect(line).toBeGreaterThan(0);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        expect(error.hint).not.toBe("");
      }
  };

  test("pieces of files", async () => {
    const piece = fc.constantFrom("text", "label", "prompt", "completion", "messages", "role", "content", "user", "assistant", ",", ";", "\t", '"', "\\", "\n", "\r\n", "1", "a", "{", "}", "[", "]", ":", "null", "\uFEFF", "__proto__", "\0", "é", "\u{1F600}"); // prettier-ignore
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), fc.constantFrom(...names), fc.boolean(), (pieces, name, packed) => {
        const text = pieces.join("");
        return outcome(packed ? gz(text) : utf8(text), name);
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  test("bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...names), (bytes, name) => outcome(bytes, name)),
      { numRuns: 300, seed: 4 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), (bytes) => outcome(new Uint8Array([0x1f, 0x8b, ...bytes]), "x.gz")),
      { numRuns: 100, seed: 5 },
    );
  });

  test("JSON of any shape; conversations survive being written and read", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.json(), { minLength: 1, maxLength: 5 }), (rows) => outcome(utf8(`[${rows.join(",")}]`), "x.json")),
      { numRuns: 200, seed: 6 },
    );
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((t) => t.trim() !== "");
    const turns = fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(turns, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 40 }), fc.boolean(), async (conversations, size, lines) => {
        const rows = conversations.map((pairs) => ({ messages: pairs.flatMap(([a, b]) => [{ role: "user", content: a }, { role: "assistant", content: b }]) })); // prettier-ignore
        const bytes = utf8(lines ? rows.map((r) => JSON.stringify(r)).join("\n") : JSON.stringify(rows, null, 1));
        const blob = new Blob(Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size)));
        const parsed = await parse(blob, "x");
        expect(parsed.rows).toEqual(rows.map((row, i) => expect.objectContaining({ ...row, line: parsed.rows[i].line })));
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});
