// records.ts — the records of any data file, as values by column, whatever it is written in: JSONL, a JSON array, CSV, TSV; gzip of these. Plain
// text has paragraphs instead.

import { isObject } from "../formats/source.ts";
import { jsonItems } from "./json-items.ts";
import { kindOf, LINE_LIMIT, lines, list, type TextFile } from "./lines.ts";
import { csvRecords, type TableRecord, tsvRecords } from "./table.ts";

/** wrong: why it cannot be used. line: 1-based; in a JSON array the number of the item. */
export type FileRecord = { line: number; values: Record<string, unknown>; wrong?: undefined } | { line: number; wrong: string; values?: undefined };

export type Writing = "json" | "csv" | "tsv" | "plain";

/** By its name or its first bytes. tables: it is no plain text, whatever it is called. */
export function writingOf({ name, head }: TextFile, tables: boolean): Writing {
  const first = head.split(/\r?\n/)[0];
  if (!tables && /\.(txt|md)$/i.test(name)) return "plain";
  if (/^\s*[[{]/.test(head) || (!tables && /\.(jsonl|ndjson|json)$/i.test(name))) return "json";
  if (/\.csv$/i.test(name)) return "csv";
  if (/\.tsv$/i.test(name) || first.includes("\t")) return "tsv";
  return tables || /^[\w ]{1,40}([,;][\w ]{1,40})+$/.test(first) ? "csv" : "plain"; // a header, where the name does not tell
}

interface Reading {
  /** How one record should look, for errors. */
  hint: string;
  /** Names of the columns of a table whose first line is no header; null: it is one. */
  headerless?: (fields: readonly string[]) => readonly string[] | null;
}

/** Throws DataError: quotes broken all over, a JSON array that ends too early, a packed file that does not unpack. */
export function records(file: TextFile, writing: Writing, { hint, headerless }: Reading): AsyncGenerator<FileRecord> {
  if (writing === "plain") return paragraphs(file);
  if (writing === "json") return objects(file, hint);
  return named(writing === "csv" ? csvRecords(file) : tsvRecords(file), headerless);
}

/** JSON objects; anything else is wrong. */
async function* objects(file: TextFile, hint: string): AsyncGenerator<FileRecord> {
  for await (const item of jsonItems(file, hint)) {
    if (item.wrong !== undefined) yield { line: item.line, wrong: item.wrong };
    else if (isObject(item.value)) yield { line: item.line, values: item.value };
    else yield { line: item.line, wrong: `is ${kindOf(item.value)}, not an object` };
  }
}

/** Fields by the names of the header. */
async function* named(source: AsyncGenerator<TableRecord>, headerless: Reading["headerless"]): AsyncGenerator<FileRecord> {
  let header: readonly string[] | null = null;
  for await (const { line, ...record } of source) {
    if (record.wrong !== undefined) {
      yield { line, wrong: record.wrong };
      continue;
    }
    const { fields } = record;
    if (!header) {
      const names = headerless?.(fields) ?? null;
      header = names ?? fields.map((field) => field.trim());
      if (!names) continue;
    }
    if (fields.length === header.length) yield { line, values: Object.fromEntries(header.map((column, i) => [column, fields[i]])) };
    else yield { line, wrong: `has ${fields.length} fields, the first line has ${header.length} (${list(header)})` };
  }
}

/** Lines up to an empty one, as the column `text`; what is longer than LINE_LIMIT is cut there. */
async function* paragraphs(file: TextFile): AsyncGenerator<FileRecord> {
  let paragraph: string[] = [];
  let [first, length] = [1, 0];
  const take = (): FileRecord => {
    const text = paragraph.join("\n");
    [paragraph, length] = [[], 0];
    return { line: first, values: { text } };
  };
  for await (const { line, text, wrong } of lines(file)) {
    const ends = wrong !== undefined || text.trim() === "";
    if (paragraph.length > 0 && (ends || length + text.length > LINE_LIMIT)) yield take();
    if (wrong !== undefined) yield { line, wrong };
    if (ends) continue;
    if (paragraph.push(text) === 1) first = line;
    length += text.length;
  }
  if (paragraph.length > 0) yield take();
}
