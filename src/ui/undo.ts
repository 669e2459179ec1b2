// undo.ts — changes of where the rank goes, and the way back. Only the fields that decide it: what else was changed since stays. Pure.
import type { RunConfig, SiteInfo } from "../protocol.ts";
import type { FieldPath } from "./fields.ts";

const fields = ["method", "r", "lora_alpha", "target_modules", "rank_pattern", "alpha_pattern", "allocation"] as const satisfies readonly (keyof RunConfig)[];

export interface Undo {
  /** What was done, in words; or the field that was changed. */
  what: string | { field: FieldPath };
  before: Pick<RunConfig, (typeof fields)[number]>;
  sites: readonly SiteInfo[];
}

const most = 50;

/** `past` with the way back from `next` to `config` and its sites. A field that goes on changing, as a slider does, is one change. */
export function remember(past: readonly Undo[], what: Undo["what"], config: RunConfig, sites: readonly SiteInfo[], next: RunConfig): readonly Undo[] {
  if (fields.every((field) => config[field] === next[field])) return past;
  const last = past.at(-1)?.what;
  if (typeof what === "object" && typeof last === "object" && last.field === what.field) return past;
  const before = Object.fromEntries(fields.map((field) => [field, config[field]])) as Undo["before"];
  return [...past, { what, before, sites }].slice(-most);
}
