// parse.ts — the visitor's own data: JSONL or a JSON array of { prompt, completion } or { text }, or plain text.
// Read as a stream of lines, so that a file is never held twice; what is wrong is counted and named by line.

import type { RunConfig } from "../protocol.ts";
import { count, isObject } from "../formats/source.ts";
import { DataError } from "./error.ts";
import { WRONG_LISTED, type Row, type WrongRow } from "./row.ts";

export type RowFormat = RunConfig["data"]["format"];

export interface Parsed {
  rows: Row[];
  /** The first WRONG_LISTED of them. line: 1-based; in a JSON array the number of the item. */
  wrong: WrongRow[];
  wrongTotal: number;
}

const FILE_LIMIT = 512 * 2 ** 20; // bytes
const LINE_LIMIT = 2 ** 20; // bytes
const SHAPE = 'One object per line: {"prompt": "…", "completion": "…"} or {"text": "…"}';

/**
 * Bytes of a `.jsonl`, `.json` or `.txt` file (paragraphs, split at empty lines) → rows. A file that starts with `[` is a JSON array.
 * Throws DataError: not UTF-8 at all, too large, or without one usable row.
 */
export async function parseRows(bytes: Blob | Uint8Array, name: string, format: RowFormat): Promise<Parsed> {
  const blob = bytes instanceof Blob ? bytes : new Blob([bytes as Uint8Array<ArrayBuffer>]);
  if (blob.size > FILE_LIMIT) throw new DataError(name, `${count(blob.size)} bytes are more than fit (limit ${count(FILE_LIMIT)})`, "Use a part of the file");
  const head = new Uint8Array(await blob.slice(0, 1024).arrayBuffer());
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new DataError(name, "is UTF-16 text", "Save it as UTF-8");
  }
  const parsed: Parsed = { rows: [], wrong: [], wrongTotal: 0 };
  const plain = /\.(txt|md)$/i.test(name);
  if (plain) await readParagraphs(blob, parsed);
  else if (/^(\xef\xbb\xbf)?\s*\[/.test(String.fromCharCode(...head))) await readArray(blob, name, format, parsed);
  else await readLines(blob, format, parsed);

  if (parsed.rows.length > 0) return parsed;
  if (parsed.wrongTotal === 0) throw new DataError(name, "holds no rows", plain ? "Write paragraphs separated by empty lines" : SHAPE);
  const { line, reason } = parsed.wrong[0];
  throw new DataError(name, `none of its ${count(parsed.wrongTotal)} rows can be used; the first, line ${line}: ${reason}`, SHAPE);
}

function reject(parsed: Parsed, line: number, reason: string): void {
  parsed.wrongTotal++;
  if (parsed.wrong.length < WRONG_LISTED) parsed.wrong.push({ line, reason });
}

async function readLines(blob: Blob, format: RowFormat, parsed: Parsed): Promise<void> {
  for await (const { line, text, wrong } of lines(blob)) {
    if (wrong) reject(parsed, line, wrong);
    if (wrong || text.trim() === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      reject(parsed, line, `is not JSON (${cause instanceof Error ? brief(cause.message, 120) : "unreadable"})`);
      continue;
    }
    accept(parsed, value, line, format);
  }
}

async function readArray(blob: Blob, name: string, format: RowFormat, parsed: Parsed): Promise<void> {
  let items: unknown;
  try {
    items = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await blob.arrayBuffer()));
  } catch (cause) {
    throw new DataError(name, `starts like a JSON array but is not one (${cause instanceof Error ? brief(cause.message, 120) : "unreadable"})`, SHAPE);
  }
  if (Array.isArray(items)) for (const [i, item] of items.entries()) accept(parsed, item, i + 1, format);
}

async function readParagraphs(blob: Blob, parsed: Parsed): Promise<void> {
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
function accept(parsed: Parsed, value: unknown, line: number, format: RowFormat): void {
  if (!isObject(value)) return reject(parsed, line, `is ${Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`}, not an object`);
  const has = (column: string) => Object.hasOwn(value, column);
  const asText = format === "text" || (format === "auto" && !(has("prompt") && has("completion")) && has("text"));
  const columns = asText ? ["text"] : ["prompt", "completion"];
  const missing = columns.filter((column) => !has(column));
  if (missing.length > 0) {
    const found = Object.keys(value)
      .slice(0, 8)
      .map((key) => brief(key, 40));
    const wanted = format === "auto" ? "prompt and completion, or text" : missing.join(" and ");
    return reject(parsed, line, `has no ${wanted} (it has: ${found.join(", ") || "nothing"})`);
  }
  for (const column of columns) {
    const field = value[column];
    if (typeof field !== "string")
      return reject(parsed, line, `${column} is ${field === null ? "null" : Array.isArray(field) ? "a list" : `a ${typeof field}`}, not a string`);
    if (field === "" && column !== "prompt") return reject(parsed, line, `${column} is empty: there is nothing to learn`);
  }
  const { text, prompt, completion } = value as Record<string, string>;
  parsed.rows.push(asText ? { text, line } : { prompt, completion, line });
}

const brief = (text: string, length: number) => (text.length > length ? `${text.slice(0, length)}…` : text);

interface Line {
  /** 1-based. */
  line: number;
  text: string;
  /** Why the line cannot be used: not UTF-8, or longer than LINE_LIMIT. */
  wrong?: string;
}

/** Lines that end with LF or CRLF, the last one also without; a byte order mark at the start is skipped. Holds one line at a time. */
async function* lines(blob: Blob): AsyncGenerator<Line> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let line = 0;
  let parts: Uint8Array[] = [];
  let length = 0; // of the line so far, in bytes; parts are dropped above the limit
  const add = (part: Uint8Array) => {
    length += part.byteLength;
    if (length <= LINE_LIMIT) parts.push(part);
    else parts = [];
  };
  const finish = (): Line => {
    line++;
    const wrong = length > LINE_LIMIT ? `is ${count(length)} bytes long (limit ${count(LINE_LIMIT)})` : undefined;
    const whole = wrong || parts.length === 0 ? new Uint8Array(0) : parts.length === 1 ? parts[0] : concat(parts);
    parts = [];
    length = 0;
    if (wrong) return { line, text: "", wrong };
    try {
      return {
        line,
        text: decoder
          .decode(whole)
          .replace(/\r$/, "")
          .replace(line === 1 ? /^\uFEFF/ : /^(?!)/, ""),
      };
    } catch {
      return { line, text: "", wrong: "is not UTF-8 text" };
    }
  };
  for await (const chunk of blob.stream()) {
    let begin = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, begin)) {
      add(chunk.subarray(begin, end));
      yield finish();
      begin = end + 1;
    }
    add(chunk.subarray(begin));
  }
  if (length > 0) yield finish();
}

function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
