// format.ts — numbers as people read them. Decimal units for bytes, grouping by comma, few digits.

const integers = new Intl.NumberFormat("en");

export const count = (n: number): string => integers.format(n);

/** Three significant digits; plain below a million and above a thousandth, else 1.2e-5. */
export function short(n: number): string {
  if (!Number.isFinite(n)) return String(n);
  if (n === 0) return "0";
  const size = Math.abs(n);
  if (size >= 1e6 || size < 1e-3) return n.toExponential(1).replace("e+", "e");
  return String(Number(n.toPrecision(3)));
}

/** At most four characters, for a cell: .31, 12, 3.1k, 64k, 5e-6; five below a billionth. */
export function tiny(n: number): string {
  const size = Math.abs(n);
  if (size >= 999.5e3) return `${Number((n / 1e6).toPrecision(2))}M`;
  if (size >= 1e4) return `${Math.round(n / 1e3)}k`;
  if (size >= 1e3) return `${Number((n / 1e3).toPrecision(2))}k`;
  if (size >= 10 || Number.isInteger(n)) return String(Math.round(n));
  if (size >= 0.995) return n.toFixed(1);
  return size < 0.005 ? n.toExponential(0) : n.toFixed(2).replace("0.", ".");
}

/** "+4", "−0.31", "0": a difference, whose size is written by `size`. */
export function signed(n: number, size: (n: number) => string): string {
  const written = size(Math.abs(n));
  return /[1-9]/.test(written) ? (n < 0 ? "−" : "+") + written : written;
}

export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = n;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : Number(value.toPrecision(2))} ${units[unit]}`;
}

export function duration(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** Large counts in words of the trade: 1.24 B, 3.15 M, 162,816. */
export function millions(n: number): string {
  if (n >= 999.5e6) return `${(n / 1e9).toPrecision(3)} B`;
  return n >= 1e6 ? `${(n / 1e6).toPrecision(3)} M` : count(n);
}

/** "1 row", "3,600 rows"; n: as it is, or as it is written. */
export const plural = (n: number | string, one: string, more = `${one}s`): string => `${n} ${String(n) === "1" ? one : more}`;

const days = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" });

/** How long ago a moment was, in milliseconds since 1970; after a week its date. */
export function ago(then: number, now = Date.now()): string {
  const minutes = Math.floor((now - then) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const past = Math.floor(hours / 24);
  if (past <= 7) return past === 1 ? "yesterday" : `${past} days ago`;
  return days.format(then);
}
