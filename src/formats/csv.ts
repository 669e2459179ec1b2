// csv.ts — tables as CSV, RFC 4180: comma, CRLF, quotes doubled.

/** Rows in the order of `columns`, with a heading. Missing values are empty; numbers keep all their digits. */
export function toCsv(rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[]): string {
  const lines = [columns.map(field), ...rows.map((row) => columns.map((column) => field(row[column])))];
  return lines.map((line) => line.join(",") + "\r\n").join("");
}

function field(value: unknown): string {
  const text = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
