// table.ts — a table's records, each with the line it starts at. TSV is read as GLUE writes it: no quoting, a quote is a character. CSV is
// read with quotes (papaparse); where a quote is never closed, its line is wrong and reading goes on with the next.

import Papa from "papaparse";
import { count } from "../formats/source.ts";
import { DataError } from "./error.ts";
import { LINE_LIMIT, lines, type Line, type TextFile } from "./lines.ts";

/** A quoted field may run over so many lines: more is taken for a quote that was not closed. */
const FIELD_LINES = 50;
/** A file with more broken quotes than this is no CSV. */
const BROKEN_LIMIT = 100;

/** wrong: why the record cannot be used. line: 1-based. */
export type TableRecord = { line: number; fields: string[]; wrong?: undefined } | { line: number; wrong: string };

export async function* tsvRecords(file: TextFile): AsyncGenerator<TableRecord> {
  for await (const { line, text, wrong } of lines(file)) {
    if (wrong) yield { line, wrong };
    else if (text.trim() !== "") yield { line, fields: text.split("\t") };
  }
}

/** The delimiter is guessed from the first record. Throws DataError where quotes are broken all over. */
export async function* csvRecords(file: TextFile): AsyncGenerator<TableRecord> {
  const ahead: Line[] = []; // read, not used yet
  const source = lines(file);
  const next = async (i: number): Promise<Line | undefined> => {
    while (ahead.length <= i) {
      const { value, done } = await source.next();
      if (done) return undefined;
      ahead.push(value);
    }
    return ahead[i];
  };
  let delimiter = "";
  let broken = 0;
  for (let first = await next(0); first; first = await next(0)) {
    const { line, wrong } = first;
    if (wrong || first.text.trim() === "") {
      ahead.shift();
      if (wrong) yield { line, wrong };
      continue;
    }
    let text = first.text;
    let record = parseRecord(text, delimiter);
    const why = record.wrong;
    let used = 1;
    while (record.open && used < FIELD_LINES && text.length < LINE_LIMIT) {
      const more = await next(used);
      if (!more || more.wrong) break;
      used++;
      text += "\n" + more.text;
      if (more.text.includes('"')) record = parseRecord(text, delimiter);
    }
    if (record.wrong) {
      ahead.shift();
      if (++broken > BROKEN_LIMIT) {
        throw new DataError(
          file.name,
          `its quotes are broken in more than ${count(BROKEN_LIMIT)} lines, line ${line} the last`,
          "Write a quote inside a quoted field twice, or save the file as .tsv",
        );
      }
      yield { line, wrong: why! };
      continue;
    }
    ahead.splice(0, used);
    delimiter ||= record.delimiter;
    yield { line, fields: record.fields };
  }
}

/**
 * open: ends inside a quoted field, so the record may go on in the next line. A quote inside a quoted field that is not written twice is kept as a
 * character where the field still ends in this line.
 */
function parseRecord(text: string, delimiter: string): { fields: string[]; delimiter: string; open: boolean; wrong?: string } {
  if (delimiter && !text.includes('"')) return { fields: text.split(delimiter), delimiter, open: false };
  const { data, errors, meta } = Papa.parse<string[]>(text, { delimiter, delimitersToGuess: [",", "\t", ";", "|"], newline: "\n" });
  const codes = new Set(errors.map(({ code }) => code));
  const closed = !codes.has("MissingQuotes") && data.length === 1;
  const open = !closed && !codes.has("InvalidQuotes");
  const wrong = open ? "opens a quote that is never closed" : "has a quote inside a quoted field that is not written twice";
  return { fields: data[0] ?? [], delimiter: meta.delimiter, open, ...(closed ? {} : { wrong }) };
}
