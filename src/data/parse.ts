// parse.ts — the visitor's own texts: conversations, prompts with completions, or plain text, from any file that records.ts reads. What a record is,
// its columns tell; what is wrong is counted and named by line.

import type { RunConfig } from "../protocol.ts";
import { count } from "../formats/source.ts";
import { DataError } from "./error.ts";
import { Kept } from "./keep.ts";
import { openText } from "./lines.ts";
import type { Watch } from "./pace.ts";
import { records, writingOf } from "./records.ts";
import { type Mapping, type Recognised, recognise, type RowFormat, unclear } from "./row-formats.ts";
import { type Parsed, reject, type Row } from "./row.ts";

export interface ReadingRows {
  format: RunConfig["data"]["format"];
  columns?: Mapping;
}

export interface ParsedRows extends Parsed<Row> {
  /** What most of the rows are; null: the text of a plain file, which has no columns. */
  format: RowFormat["name"] | null;
}

const SHAPE = 'One object per line: {"prompt": "…", "completion": "…"}, {"messages": […]} or {"text": "…"}; or name the columns in data.columns';

/**
 * Bytes of a file → rows. The columns of each row tell its format, unless `how` does.
 * Throws DataError: UTF-16, a packed file that is broken, or without one usable row.
 */
export async function parseRows(bytes: Blob | Uint8Array, name: string, how: ReadingRows, watch: Watch = {}): Promise<ParsedRows> {
  const { file, kept } = Kept.of(await openText(bytes, name), watch);
  const writing = writingOf(file, false);
  const parsed: ParsedRows = { rows: [], wrong: [], wrongTotal: 0, format: null };
  const known = new Map<string, Recognised>();
  const rowsOf = new Map<RowFormat["name"], number>();
  const { format, columns } = writing === "plain" ? ({ format: "text", columns: {} } as const) : how;
  let stopped = false;
  for await (const { line, ...record } of records(file, writing, { hint: SHAPE })) {
    stopped = kept.full;
    if (stopped) break;
    if (record.wrong !== undefined) reject(parsed, line, record.wrong);
    else {
      const { values } = record;
      const key = Object.keys(values).join("\0");
      // a list of turns is known by its first, so not by the names of the columns alone
      const found = known.get(key) ?? recognise(values, format, columns);
      if (found && !found.format.fits) known.set(key, found);
      const row = found ? found.format.read(values, found.mapping) : unclear(values, format, columns);
      if (typeof row === "string") reject(parsed, line, row);
      else {
        rowsOf.set(found!.format.name, (rowsOf.get(found!.format.name) ?? 0) + 1);
        kept.add(sizeOf(row));
        parsed.rows.push({ ...row, line });
      }
    }
  }
  Object.assign(parsed, kept.unread(stopped));
  if (writing !== "plain") parsed.format = [...rowsOf].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
  if (parsed.rows.length > 0) return parsed;
  if (parsed.wrongTotal === 0) throw new DataError(name, "holds no rows", writing === "plain" ? "Write paragraphs separated by empty lines" : SHAPE);
  const { line, reason } = parsed.wrong[0];
  throw new DataError(name, `none of its ${count(parsed.wrongTotal)} rows can be used; the first, line ${line}: ${reason}`, SHAPE);
}

const sizeOf = (row: Row): number =>
  "messages" in row
    ? row.messages.reduce((sum, { content }) => sum + content.length, 0)
    : "text" in row
      ? row.text.length
      : row.prompt.length + row.completion.length;
