// remembered.ts — how files with certain columns are read, as the visitor said: kept in the browser, so that the same file is understood the next time.
import type { RunConfig } from "../protocol.ts";

const place = "rankscope columns";
/** The oldest go first. */
const most = 50;

export type Reading = Pick<RunConfig["data"], "format" | "columns"> & Pick<RunConfig["model"], "task">;
type Known = Record<string, Reading>;

const keyOf = (columns: readonly string[]): string => JSON.stringify(columns);

/** Nothing is remembered where the browser keeps nothing. */
function known(): Known {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(place) ?? "{}");
    return typeof kept === "object" && kept !== null && !Array.isArray(kept) ? (kept as Known) : {};
  } catch {
    return {};
  }
}

/** null: forget it. */
export function remember(columns: readonly string[], reading: Reading | null): void {
  const { [keyOf(columns)]: _, ...others } = known();
  const entries = Object.entries(reading === null ? others : { ...others, [keyOf(columns)]: reading }).slice(-most);
  try {
    localStorage.setItem(place, JSON.stringify(Object.fromEntries(entries)));
  } catch {
    // private windows and full storage: the mapping holds for this visit
  }
}

export function recall(columns: readonly string[]): Reading | null {
  const reading = known()[keyOf(columns)];
  return reading && typeof reading.format === "string" && typeof reading.task === "string" ? reading : null;
}
