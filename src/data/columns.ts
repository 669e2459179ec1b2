// columns.ts — the columns of a file and what they are taken for, read off its first records: for the mapping form, also where no row can be used.

import type { DataColumns, RunConfig } from "../protocol.ts";
import { DataError } from "./error.ts";
import { Kept } from "./keep.ts";
import { findColumns } from "./labelled-tasks.ts";
import { brief, openText } from "./lines.ts";
import { headerless } from "./parse-labelled.ts";
import { records, writingOf } from "./records.ts";
import { recognise } from "./row-formats.ts";

/** So many records are looked at, and so many bytes for them: one line may be as long as the file. */
const RECORDS = 20;
const READ = 32 * 2 ** 20;

/** null: it has no columns: plain text, or nothing that can be read. */
export async function columnsOf(bytes: Blob | Uint8Array, name: string, { model: { task }, data }: RunConfig): Promise<DataColumns | null> {
  const labelled = task === "classification";
  const given = data.columns ?? {};
  const columns = new Map<string, string>();
  let first: Record<string, unknown> | null = null;
  try {
    const { file } = Kept.of(await openText(bytes, name), {}, { rows: RECORDS, characters: Infinity, read: READ });
    const writing = writingOf(file, labelled);
    if (writing === "plain") return null;
    let seen = 0;
    for await (const { values } of records(file, writing, { hint: "", ...(labelled && data.columns === null ? { headerless } : {}) })) {
      if (values) first ??= values;
      for (const [column, value] of Object.entries(values ?? {})) if (!columns.get(column)) columns.set(column, exampleOf(value));
      if (++seen === RECORDS) break;
    }
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
  }
  if (!first) return null;
  const found = labelled ? labelledMapping(first, given, name) : recognise(first, data.format, given);
  return {
    columns: [...columns].map(([column, example]) => ({ name: column, example })),
    format: found === null ? null : typeof found.format === "string" ? found.format : found.format.name,
    mapping: found?.mapping ?? given,
  };
}

function labelledMapping(values: Record<string, unknown>, { text, text2, label }: NonNullable<RunConfig["data"]["columns"]>, name: string) {
  try {
    return { format: "classification" as const, mapping: findColumns(Object.keys(values), { text, text2, label }, name) };
  } catch (cause) {
    if (cause instanceof DataError) return null;
    throw cause;
  }
}

const exampleOf = (value: unknown): string => brief(typeof value === "string" ? value : (JSON.stringify(value) ?? ""), 120);
