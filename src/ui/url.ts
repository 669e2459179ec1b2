// url.ts — the URL is the experiment: the hash holds the fields that differ from the first-run preset, nothing else;
// alpha_pattern only where it is not what one scale for all modules gives.
// A hash is a stranger's text: only known fields of the right type are taken, the rest is ignored with a note.
import type { RunConfig } from "../protocol.ts";
import { fieldPaths, getField, sameField, setField, type FieldPath, type FieldValue } from "./fields.ts";
import { text } from "./strings.ts";
import { oneScale } from "./with-rank.ts";

const longestHash = 100_000;

export function toHash(config: RunConfig, first: RunConfig): string {
  const params = new URLSearchParams();
  for (const path of fieldPaths(first)) {
    const value = getField(config, path);
    const expected = path === "alpha_pattern" ? oneScale(config).alpha_pattern : getField(first, path);
    if (!sameField(value, expected)) params.set(path, write(value));
  }
  const hash = params.toString();
  return hash === "" ? "" : `#${hash}`;
}

/** The configuration a hash describes, and one note per part that was ignored. */
export function fromHash(hash: string, first: RunConfig): { config: RunConfig; notes: string[] } {
  if (hash.length > longestHash) return { config: first, notes: [text.url.tooLong] };
  const known = new Set<string>(fieldPaths(first));
  const notes: string[] = [];
  let config = first;
  for (const [path, written] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (!known.has(path)) {
      notes.push(text.url.unknown(path.slice(0, 80)));
      continue;
    }
    const value = read(written, getField(first, path as FieldPath), path === "data.limit");
    if (value === undefined) notes.push(text.url.wrong(path, written.slice(0, 80)));
    else config = setField(config, path as FieldPath, value);
  }
  return { config: new URLSearchParams(hash.replace(/^#/, "")).has("alpha_pattern") ? config : oneScale(config), notes };
}

function write(value: FieldValue): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A value of the type that `like` has; undefined where the text is of another type. */
function read(written: string, like: FieldValue, nullable: boolean): FieldValue | undefined {
  if (nullable && written === "null") return null;
  if (nullable || typeof like === "number") return written.trim() !== "" && Number.isFinite(Number(written)) ? Number(written) : undefined;
  if (typeof like === "boolean") return { true: true, false: false }[written];
  if (typeof like === "string") return written;
  if (Array.isArray(like)) return written === "" ? [] : written.split(",");
  return readNumbers(written);
}

function readNumbers(written: string): Record<string, number> | undefined {
  try {
    const parsed: unknown = JSON.parse(written);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
    const entries = Object.entries(parsed);
    return entries.every(([, value]) => typeof value === "number" && Number.isFinite(value)) ? Object.fromEntries(entries) : undefined;
  } catch {
    return undefined;
  }
}
