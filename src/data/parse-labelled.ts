// parse-labelled.ts — classification data from a file: CSV, GLUE's TSV, JSONL or a JSON array. Columns are found by name; what is wrong with
// a row is named by line, and the others are kept.

import { count } from "../formats/source.ts";
import { DataError } from "./error.ts";
import { Kept } from "./keep.ts";
import { type Columns, findColumns, labelledTasks, taskOf } from "./labelled-tasks.ts";
import { brief, kindOf, list, openText } from "./lines.ts";
import type { Watch } from "./pace.ts";
import { records, writingOf } from "./records.ts";
import { type LabelledRow, type Parsed, reject } from "./row.ts";

export interface ParsedLabelled extends Parsed<LabelledRow> {
  /** One of labelledTasks, known by its columns or its name; it decides the metrics. */
  task: string | null;
  columns: Columns;
  /** null: regression. Absent: the labels tell. */
  classes?: null;
}

const SHAPE = "A table with a header like sentence1, sentence2, label, or one JSON object per line";

/**
 * `columns`: names where they cannot be found by name. Throws DataError: UTF-16, a packed file that is broken, columns missing (it lists those
 * there are), or without one usable row.
 */
export async function parseLabelled(bytes: Blob | Uint8Array, name: string, columns: Partial<Columns> = {}, watch: Watch = {}): Promise<ParsedLabelled> {
  const { file, kept } = Kept.of(await openText(bytes, name), watch);
  const found: Parsed<LabelledRow> = { rows: [], wrong: [], wrongTotal: 0 };
  const header = Object.keys(columns).length > 0 ? {} : { headerless };

  let parsed: ParsedLabelled | null = null;
  let stopped = false;
  for await (const { line, ...record } of records(file, writingOf(file, true), { hint: SHAPE, ...header })) {
    stopped = kept.full;
    if (stopped) break;
    if (record.wrong !== undefined) reject(found, line, record.wrong);
    else {
      parsed ??= begin(found, Object.keys(record.values), columns, name);
      const row = labelled(record.values, parsed, line);
      if (typeof row === "string") reject(found, line, row);
      else {
        found.rows.push(row);
        kept.add(row.text.length + (row.text2?.length ?? 0));
      }
    }
  }
  Object.assign(found, kept.unread(stopped));
  if (parsed && found.rows.length > 0) return parsed;
  if (found.wrongTotal === 0) throw new DataError(name, "holds no rows", SHAPE);
  const { line, reason } = found.wrong[0];
  throw new DataError(name, `none of its ${count(found.wrongTotal)} rows can be used; the first, line ${line}: ${reason}`, SHAPE);
}

function begin(found: Parsed<LabelledRow>, names: readonly string[], given: Partial<Columns>, file: string): ParsedLabelled {
  const task = taskOf(names, file);
  const parsed: ParsedLabelled = Object.assign(found, { task, columns: findColumns(names, given, file) });
  if (task !== null && labelledTasks[task].regression) parsed.classes = null;
  return parsed;
}

/** Tables without a header: GLUE's CoLA, or a text and a number in two columns. */
export function headerless(fields: readonly string[]): readonly string[] | null {
  const number = (field: string) => /^-?\d+(\.\d+)?$/.test(field.trim());
  if (fields.length === 4 && /^[01]$/.test(fields[1]) && /^\*?$/.test(fields[2])) return ["source", "label", "mark", "sentence"];
  if (fields.length !== 2 || number(fields[0]) === number(fields[1])) return null;
  return number(fields[1]) ? ["text", "label"] : ["label", "text"];
}

/** The row, or what is wrong with it. */
function labelled(values: Record<string, unknown>, { columns, classes }: ParsedLabelled, line: number): LabelledRow | string {
  const wanted = Object.values(columns);
  const missing = wanted.filter((column) => !Object.hasOwn(values, column));
  if (missing.length > 0) return `has no ${missing.join(" and ")} (it has: ${list(Object.keys(values))})`;
  const texts = [columns.text, ...(columns.text2 === undefined ? [] : [columns.text2])];
  for (const column of texts) {
    const text = values[column];
    if (typeof text !== "string") return `${column} is ${kindOf(text)}, not a string`;
    if (text.trim() === "") return `${column} is empty`;
  }
  const value = values[columns.label];
  const label = typeof value === "string" ? value.trim() : typeof value === "boolean" ? String(value) : value;
  if (typeof label !== "string" && !(typeof label === "number" && Number.isFinite(label))) return `${columns.label} is ${kindOf(value)}, not a label`;
  if (label === "") return `${columns.label} is empty`;
  if (classes === null && !Number.isFinite(Number(label))) return `${columns.label} is "${brief(String(label), 40)}", not a number`;
  const [text, text2] = texts.map((column) => values[column] as string);
  return { text, ...(text2 === undefined ? {} : { text2 }), label, line };
}
