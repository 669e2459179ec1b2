// parse.ts — the visitor's own data: JSONL or a JSON array of { prompt, completion } or { text }, or plain text.
// Read as a stream of lines, so that a file is never held twice; what is wrong is counted and named by line.

import type { RunConfig } from "../protocol.ts";
import { count, isObject } from "../formats/source.ts";
import { DataError } from "./error.ts";
import { jsonItems, kindOf, lines, list, openText } from "./lines.ts";
import { type Parsed, reject, type Row } from "./row.ts";

export type RowFormat = RunConfig["data"]["format"];

const SHAPE = 'One object per line: {"prompt": "…", "completion": "…"} or {"text": "…"}';

/**
 * Bytes of a `.jsonl`, `.json` or `.txt` file (paragraphs, split at empty lines) → rows. A file that starts with `[` is a JSON array.
 * Throws DataError: not UTF-8 at all, too large, or without one usable row.
 */
export async function parseRows(bytes: Blob | Uint8Array, name: string, format: RowFormat): Promise<Parsed<Row>> {
  const file = await openText(bytes, name);
  const parsed: Parsed<Row> = { rows: [], wrong: [], wrongTotal: 0 };
  const plain = /\.(txt|md)$/i.test(name);
  if (plain) await readParagraphs(file.blob, parsed);
  else
    for await (const item of jsonItems(file, name, SHAPE)) {
      if (item.wrong !== undefined) reject(parsed, item.line, item.wrong);
      else accept(parsed, item.value, item.line, format);
    }

  if (parsed.rows.length > 0) return parsed;
  if (parsed.wrongTotal === 0) throw new DataError(name, "holds no rows", plain ? "Write paragraphs separated by empty lines" : SHAPE);
  const { line, reason } = parsed.wrong[0];
  throw new DataError(name, `none of its ${count(parsed.wrongTotal)} rows can be used; the first, line ${line}: ${reason}`, SHAPE);
}

async function readParagraphs(blob: Blob, parsed: Parsed<Row>): Promise<void> {
  let paragraph: string[] = [];
  let first = 1;
  const end = () => {
    if (paragraph.length > 0) parsed.rows.push({ text: paragraph.join("\n"), line: first });
    paragraph = [];
  };
  for await (const { line, text, wrong } of lines(blob)) {
    if (wrong) reject(parsed, line, wrong);
    if (wrong || text.trim() === "") end();
    else if (paragraph.push(text) === 1) first = line;
  }
  end();
}

/** Adds the row, or says why not. In `auto`, prompt and completion win over text. */
function accept(parsed: Parsed<Row>, value: unknown, line: number, format: RowFormat): void {
  if (!isObject(value)) return reject(parsed, line, `is ${kindOf(value)}, not an object`);
  const has = (column: string) => Object.hasOwn(value, column);
  const asText = format === "text" || (format === "auto" && !(has("prompt") && has("completion")) && has("text"));
  const columns = asText ? ["text"] : ["prompt", "completion"];
  const missing = columns.filter((column) => !has(column));
  if (missing.length > 0) {
    const wanted = format === "auto" ? "prompt and completion, or text" : missing.join(" and ");
    return reject(parsed, line, `has no ${wanted} (it has: ${list(Object.keys(value))})`);
  }
  for (const column of columns) {
    const field = value[column];
    if (typeof field !== "string") return reject(parsed, line, `${column} is ${kindOf(field)}, not a string`);
    if (field === "" && column !== "prompt") return reject(parsed, line, `${column} is empty: there is nothing to learn`);
  }
  const { text, prompt, completion } = value as Record<string, string>;
  parsed.rows.push(asText ? { text, line } : { prompt, completion, line });
}
