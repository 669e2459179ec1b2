// lines.ts — a text file as lines or JSON values, each with its number: read as a stream, so that a file is never held twice. What cannot be
// read is named by line, and the lines around it are kept.

import { count } from "../formats/source.ts";
import { DataError } from "./error.ts";

const FILE_LIMIT = 512 * 2 ** 20; // bytes
export const LINE_LIMIT = 2 ** 20; // bytes

/** head: the first bytes, one character each, without a byte order mark. Throws DataError: too large, or UTF-16. */
export async function openText(bytes: Blob | Uint8Array, name: string): Promise<{ blob: Blob; head: string }> {
  const blob = bytes instanceof Blob ? bytes : new Blob([bytes as Uint8Array<ArrayBuffer>]);
  if (blob.size > FILE_LIMIT) throw new DataError(name, `${count(blob.size)} bytes are more than fit (limit ${count(FILE_LIMIT)})`, "Use a part of the file");
  const head = new Uint8Array(await blob.slice(0, 1024).arrayBuffer());
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new DataError(name, "is UTF-16 text", "Save it as UTF-8");
  }
  return { blob, head: String.fromCharCode(...head).replace(/^\xef\xbb\xbf/, "") };
}

/** wrong: why there is no value. line: 1-based; in a JSON array the number of the item. */
export type JsonItem = { line: number; value: unknown; wrong?: undefined } | { line: number; wrong: string };

/** JSONL, or a JSON array where `head` starts with `[`. Throws DataError, with `hint`, for an array that is none. */
export async function* jsonItems({ blob, head }: { blob: Blob; head: string }, name: string, hint: string): AsyncGenerator<JsonItem> {
  if (/^\s*\[/.test(head)) {
    let items: unknown;
    try {
      items = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await blob.arrayBuffer()));
    } catch (cause) {
      throw new DataError(name, `starts like a JSON array but is not one (${cause instanceof Error ? brief(cause.message, 120) : "unreadable"})`, hint);
    }
    if (Array.isArray(items)) for (const [i, value] of items.entries()) yield { line: i + 1, value };
    return;
  }
  for await (const { line, text, wrong } of lines(blob)) {
    if (wrong) yield { line, wrong };
    if (wrong || text.trim() === "") continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      yield { line, wrong: `is not JSON (${cause instanceof Error ? brief(cause.message, 120) : "unreadable"})` };
      continue;
    }
    yield { line, value };
  }
}

/** What kind of value it is, for messages: "null", "a list", "a number". */
export const kindOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;

export const brief = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length)}…` : text);

/** Names of columns for messages, the first eight. */
export const list = (columns: readonly string[]): string =>
  columns
    .slice(0, 8)
    .map((column) => brief(column, 40))
    .join(", ") || "nothing";

export interface Line {
  /** 1-based. */
  line: number;
  text: string;
  /** Why the line cannot be used: not UTF-8, or longer than LINE_LIMIT. */
  wrong?: string;
}

/** Lines that end with LF or CRLF, the last one also without; a byte order mark at the start is skipped. Holds one line at a time. */
export async function* lines(blob: Blob): AsyncGenerator<Line> {
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
