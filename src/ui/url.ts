// url.ts — the URL is the experiment: the hash holds the fields that differ from the first-run preset, nothing else;
// alpha_pattern only where it is not what one scale for all modules gives. The query holds what belongs to the place
// rather than to the experiment: ?backend=webgpu, ?page=device.
// An address is a stranger's text: only known fields of the right type are taken, the rest is ignored with a note.
import type { AllocationConfig, Catalogue, RunConfig } from "../protocol.ts";
import { fieldPaths, getField, sameField, setField, type FieldPath, type FieldValue } from "./fields.ts";
import { text } from "./strings.ts";
import { oneScale } from "./with-rank.ts";

const longestHash = 100_000;

export const pages = ["train", "runs", "compare", "learn", "device"] as const;
export type PageName = (typeof pages)[number];
interface Place {
  search: string;
  hash: string;
}

/** The configuration an address describes, and one note per part that was ignored. A backend in the query comes before one in the hash. */
export function fromAddress({ search, hash }: Place, catalogue: Pick<Catalogue, "first" | "fields" | "allocation">): { config: RunConfig; notes: string[] } {
  const { config, notes } = fromHash(hash, catalogue);
  const backend = new URLSearchParams(search).get("backend");
  if (backend === null) return { config, notes };
  const choices = catalogue.fields.backend?.choices ?? [];
  if (choices.includes(backend)) return { config: setField(config, "backend", backend), notes };
  return { config, notes: [...notes, text.url.backend(backend.slice(0, 80), choices.join(", "))] };
}

export const pageOf = (search: string): PageName => pages.find((page) => page === new URLSearchParams(search).get("page")) ?? pages[0];

/** `search` for another page or backend; parameters that are not ours stay. */
export function toSearch(search: string, change: { page?: PageName; backend?: string }, first: RunConfig): string {
  const params = new URLSearchParams(search);
  const put = (name: string, value: string | undefined, usual: string) => {
    if (value === usual) params.delete(name);
    else if (value !== undefined) params.set(name, value);
  };
  put("page", change.page, pages[0]);
  put("backend", change.backend, first.backend);
  return params.size === 0 ? "" : `?${params}`;
}

/** What a link leaves out. */
type Usual = Pick<Catalogue, "first" | "allocation">;

/** Where `config` is shown: on this page, or on another. */
export const addressOf = ({ pathname, search }: Pick<Location, "pathname" | "search">, config: RunConfig, usual: Usual, page?: PageName): string =>
  pathname + toSearch(search, { page, backend: config.backend }, usual.first) + toHash(config, usual);

export function toHash(config: RunConfig, { first, allocation }: Usual): string {
  const params = new URLSearchParams();
  for (const path of fieldPaths(first)) {
    if (path === "backend") continue;
    const value = getField(config, path);
    const expected = path === "alpha_pattern" ? oneScale(config).alpha_pattern : getField(first, path);
    if (!sameField(value, expected)) params.set(path, path === "allocation" ? writeAllocation(config.allocation, allocation) : write(value));
  }
  const hash = params.toString();
  return hash === "" ? "" : `#${hash}`;
}

/** The configuration a hash describes, and one note per part that was ignored. */
export function fromHash(hash: string, { first, allocation }: Usual): { config: RunConfig; notes: string[] } {
  if (hash.length > longestHash) return { config: first, notes: [text.url.tooLong] };
  const known = new Set<string>(fieldPaths(first));
  const notes: string[] = [];
  let config = first;
  for (const [path, written] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (!known.has(path)) {
      notes.push(text.url.unknown(path.slice(0, 80)));
      continue;
    }
    const value = path === "allocation" ? readAllocation(written, allocation) : texts.includes(path) ? readText(written) : read(written, getField(first, path as FieldPath)); // prettier-ignore
    if (value === undefined) notes.push(text.url.wrong(path, written.slice(0, 80)));
    else config = setField(config, path as FieldPath, value as FieldValue);
  }
  return { config: new URLSearchParams(hash.replace(/^#/, "")).has("alpha_pattern") ? config : oneScale(config), notes };
}

function write(value: FieldValue): string {
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Fields that hold a text or nothing: null in the first run, which does not tell what else they may be. */
const texts: readonly string[] = ["data.eval_source", "data.system"] satisfies FieldPath[];

const readText = (written: string): string | null | undefined => (written === "null" ? null : written === "" ? undefined : written);

/**
 * A value of the type that `like` has; undefined where the text is of another type. A field that is null in the first run may hold a number or an
 * object: what is in it, the session checks.
 */
function read(written: string, like: FieldValue): FieldValue | undefined {
  if (like === null && written === "null") return null;
  if (like === null && written.startsWith("{")) return readObject(written);
  if (like === null || typeof like === "number") return written.trim() !== "" && Number.isFinite(Number(written)) ? Number(written) : undefined;
  if (typeof like === "boolean") return { true: true, false: false }[written];
  if (typeof like === "string") return written;
  if (Array.isArray(like)) return written === "" ? [] : written.split(",");
  const map = readObject(written);
  return map && Object.values(map).every((value) => typeof value === "number" && Number.isFinite(value)) ? map : undefined;
}

/** JSON of the fields that differ from the usual ones: "{}" is the usual allocation. */
function writeAllocation(config: AllocationConfig | null, usual: AllocationConfig): string {
  if (!config) return "null";
  return JSON.stringify(Object.fromEntries(Object.entries(config).filter(([key, value]) => !sameField(value, usual[key as keyof AllocationConfig]))));
}

/** Fields that are left out are the usual ones. undefined where one is unknown or of another type; its range, the session checks. */
function readAllocation(written: string, usual: AllocationConfig): AllocationConfig | null | undefined {
  if (written === "null") return null;
  const given = readObject(written);
  const right = given && Object.entries(given).every(([key, value]) => Object.hasOwn(usual, key) && (key === "budget" ? isBudget(value) : alike(value, usual[key as keyof AllocationConfig]))); // prettier-ignore
  return right ? { ...usual, ...given } : undefined;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

function isBudget(value: unknown): boolean {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return entries.length === 1 && ["modules", "parameters", "share"].includes(entries[0][0]) && isNumber(entries[0][1]);
}

/** Null is like a number: no bound. */
function alike(value: unknown, like: FieldValue): boolean {
  if (like === null) return value === null || isNumber(value);
  if (Array.isArray(like)) return Array.isArray(value) && value.every((one) => typeof one === "string");
  if (typeof like === "object") return typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(isNumber);
  return typeof like === "number" ? isNumber(value) : typeof value === typeof like;
}

function readObject(written: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(written);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? Object.fromEntries(Object.entries(parsed)) : undefined;
  } catch {
    return undefined;
  }
}
