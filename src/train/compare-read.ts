// compare-read.ts — runs of a comparison read back from a file, which may be a stranger's: only what a summary can be made of is taken.

import { isObject } from "../formats/source.ts";
import type { ArmRun, Comparison } from "../protocol/comparison.ts";
import { isRunOf } from "./compare.ts";

const isNumber = (v: unknown): boolean => typeof v === "number" && Number.isFinite(v);
const numbers = (v: unknown): v is number[] => Array.isArray(v) && v.length > 0 && v.every(isNumber);

function isOutcomes(o: unknown, measure: string): boolean {
  return (
    isObject(o) &&
    numbers(o.predicted) &&
    numbers(o.truth) &&
    o.predicted.length === o.truth.length &&
    isObject(o.metrics) &&
    Object.values(o.metrics).every(isNumber) &&
    isNumber(o.metrics[measure])
  );
}

/** Of a finished run, or of one that failed. */
export function isArmRun(run: unknown): run is ArmRun {
  if (!isObject(run) || typeof run.arm !== "string" || !isNumber(run.seed) || !isObject(run.config)) return false;
  if (run.test !== null && typeof run.test !== "string") return false;
  if (![run.rows, run.ended].every((v) => v === undefined || isNumber(v))) return false;
  if (isObject(run.failed)) return typeof run.failed.what === "string";
  const { result } = run;
  if (!isObject(result) || typeof result.measure !== "string" || typeof result.backend !== "string") return false;
  if (!["steps", "trainable", "seconds", "bytes"].every((key) => isNumber(result[key]))) return false;
  if (result.best !== null && !(isObject(result.best) && isNumber(result.best.metric) && isNumber(result.best.step))) return false;
  if (run.test !== null && result.test === undefined) return false;
  return [result.validation, ...(result.test === undefined ? [] : [result.test])].every((o) => isOutcomes(o, result.measure as string));
}

/**
 * The runs among them that belong to the comparison, and were measured as the first one was: the same figure on as many rows. Of an arm whose data was
 * changed those count that ended on the rows of the last.
 */
export function readRuns(json: unknown, comparison: Comparison): ArmRun[] {
  const runs = (Array.isArray(json) ? json : []).filter((run) => isArmRun(run) && isRunOf(comparison, run)) as ArmRun[];
  const like = ({ result: r }: ArmRun): string => `${r!.measure} ${r!.validation.truth.length} ${r!.test?.truth.length}`;
  const first = runs.find((r) => r.result);
  const newest = new Map<string, ArmRun>();
  for (const run of runs) if ((run.ended ?? 0) >= (newest.get(run.arm)?.ended ?? 0)) newest.set(run.arm, run);
  const sameRows = ({ arm, rows }: ArmRun): boolean => rows === undefined || rows === newest.get(arm)!.rows;
  return runs.filter((r) => sameRows(r) && (r.failed || like(r) === like(first!)));
}
