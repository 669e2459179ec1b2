// problem.ts — an error as the page shows it: where, what, and what to do.

import type { Problem } from "../protocol.ts";

/** Errors of ours carry `where` and `hint`; anything else is shown as it is, with what can always be tried. */
export function problemOf(e: unknown): Problem {
  const error = e as { where?: string; hint?: string; message?: string; name?: string };
  const hint = error.hint ?? "Nothing was lost. Try again; if it comes back, reload the page and take a smaller batch.";
  const where = error.where ?? error.name ?? "run";
  let what = error.message ?? String(e);
  if (what.startsWith(`${where}: `)) what = what.slice(where.length + 2);
  if (error.hint) what = what.replace(new RegExp(`[.\\s]*${error.hint.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\.?$`), "");
  return { where, what, hint, level: "error" };
}

/** Work that was stopped because nobody waits for it any more. */
export const isAborted = (e: unknown): boolean => (e as Error)?.name === "AbortError";

/** Input that is wrong, whatever computes it: said with its place and remedy. */
export const isBadInput = (e: unknown): boolean => ["DataError", "FormatError", "ConfigError"].includes((e as Error)?.name);
