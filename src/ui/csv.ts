// csv.ts — rows of cells as a CSV file, RFC 4180. Names of modules hold no commas, but a stranger's model may.

/** null: an empty cell. */
export function csv(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const quote = (value: string | number | null): string => {
    const written = String(value ?? "");
    return /[",\r\n]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
  };
  return [head, ...rows].map((row) => row.map(quote).join(",") + "\r\n").join("");
}
