// undo.ts — changes that can be taken back and made again: of where the rank goes, and of the form as a whole. A way back sets the fields that the change
// set, and what else was changed since stays. Pure.
import type { RunConfig, SiteInfo } from "../protocol.ts";
import type { Planned } from "./edits.ts";
import { fieldPaths, getField, sameField, setField, type FieldPath, type FieldValue } from "./fields.ts";

/** Where the rank goes: of single fields, only these are remembered. */
const ranks: readonly FieldPath[] = ["method", "r", "lora_alpha", "target_modules", "rank_pattern", "alpha_pattern", "allocation"];

export interface Undo {
  /** What was done, in words; or the field that was changed. */
  what: string | { field: FieldPath };
  /** Of the form as a whole. */
  whole: boolean;
  /** The fields that it changed, as they were. */
  before: ReadonlyMap<FieldPath, FieldValue>;
  sites: readonly SiteInfo[];
}

const most = 50;

/** The fields that differ in `next`, as they are in `config`. */
const changed = (config: RunConfig, next: RunConfig): ReadonlyMap<FieldPath, FieldValue> =>
  new Map(
    fieldPaths(config)
      .map((path) => [path, getField(config, path)] as const)
      .filter(([path, value]) => !sameField(value, getField(next, path))),
  );

/**
 * `past` with the way back from `next` to `config` and its sites, and what was taken back before, which any other change puts out of reach. A field that
 * goes on changing, as a slider does, is one change.
 */
export function remember(
  { past, future, config, sites }: Planned & { past: readonly Undo[]; future: readonly Undo[] },
  what: Undo["what"],
  next: RunConfig,
  whole: boolean,
): { past: readonly Undo[]; future: readonly Undo[] } {
  const before = changed(config, next);
  if (before.size === 0) return { past, future };
  if (!whole && !ranks.some((path) => before.has(path))) return { past, future: [] };
  const last = past.at(-1);
  if (last && typeof what === "object" && typeof last.what === "object" && last.what.field === what.field)
    return { past: [...past.slice(0, -1), { ...last, before: new Map([...before, ...last.before]) }], future: [] };
  return { past: [...past, { what, whole, before, sites }].slice(-most), future: [] };
}

/** The form as it was before a change, and the way to where it is now. */
export function takenBack({ what, whole, before, sites }: Undo, now: Planned): { planned: Planned; again: Undo } {
  const config = [...before].reduce((made, [path, value]) => setField(made, path, value), now.config);
  return { planned: { config, sites }, again: { what, whole, before: changed(now.config, config), sites: now.sites } };
}
