// json-items.ts — the values of a JSONL file or a JSON array, one at a time, each with its number. An array is cut into its items by its brackets, so
// that a large one is never held; an item that is no JSON is wrong, those around it are kept.

import { count } from "../formats/source.ts";
import { DataError } from "./error.ts";
import { brief, concat, LINE_LIMIT, lines, type TextFile } from "./lines.ts";

/** wrong: why there is no value. line: 1-based; in a JSON array the number of the item. */
export type JsonItem = { line: number; value: unknown; wrong?: undefined } | { line: number; wrong: string };

/** JSONL, or a JSON array where the file starts with `[`. Throws DataError, with `hint`, for an array that ends too early. */
export function jsonItems(file: TextFile, hint: string): AsyncGenerator<JsonItem> {
  return /^\s*\[/.test(file.head) ? arrayItems(file, hint) : lineItems(file);
}

async function* lineItems(file: TextFile): AsyncGenerator<JsonItem> {
  for await (const { line, text, wrong } of lines(file)) {
    if (wrong) yield { line, wrong };
    else if (text.trim() !== "") yield parsed(text, line);
  }
}

function parsed(text: string, line: number): JsonItem {
  try {
    return { line, value: JSON.parse(text) as unknown };
  } catch (cause) {
    return { line, wrong: `is not JSON (${cause instanceof Error ? brief(cause.message, 120) : "unreadable"})` };
  }
}

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const opens = (byte: number): boolean => byte === 0x5b || byte === 0x7b;
const closes = (byte: number): boolean => byte === 0x5d || byte === 0x7d;

/** Bytes of the marks never stand inside of a UTF-8 character. */
async function* arrayItems({ name, chunks, cut }: TextFile, hint: string): AsyncGenerator<JsonItem> {
  let [depth, inText, escaped, ended] = [0, false, false, false];
  let line = 0;
  let parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array): void => {
    length += part.byteLength;
    if (length <= LINE_LIMIT) parts.push(part);
    else parts = [];
  };
  const finish = (): JsonItem | null => {
    const bytes = concat(parts);
    const long = length > LINE_LIMIT;
    const size = length;
    [parts, length] = [[], 0];
    if (long) return { line: ++line, wrong: `is ${count(size)} bytes long (limit ${count(LINE_LIMIT)})` };
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      return text.trim() === "" && ended && line === 0 ? null : parsed(text, ++line);
    } catch {
      return { line: ++line, wrong: "is not UTF-8 text" };
    }
  };
  for await (const chunk of chunks()) {
    let begin = 0;
    for (let i = 0; i < chunk.length && !ended; i++) {
      const byte = chunk[i];
      if (escaped) escaped = false;
      else if (inText) {
        escaped = byte === BACKSLASH;
        inText = byte !== QUOTE;
      } else if (byte === QUOTE) inText = true;
      else if (opens(byte) && depth++ === 0) begin = i + 1;
      else if ((closes(byte) && --depth === 0) || (byte === COMMA && depth === 1)) {
        ended = depth === 0;
        add(chunk.subarray(begin, i));
        begin = i + 1;
        const item = finish();
        if (item) yield item;
      }
    }
    if (depth > 0) add(chunk.subarray(begin));
  }
  if (!ended && !cut())
    throw new DataError(name, `starts like a JSON array but is not one (it ends ${inText ? "inside of a text" : `before its last bracket`})`, hint);
}
