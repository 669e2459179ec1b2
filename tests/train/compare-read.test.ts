// Results from a stranger's file: whatever stands in them, what is taken can be summed up, tabled and drawn.
import fc from "fast-check";
import { expect, test } from "vitest";
import { plotSvg } from "../../src/train/compare-plot.ts";
import { readRuns } from "../../src/train/compare-read.ts";
import { tableCsv, tableMarkdown } from "../../src/train/compare-report.ts";
import { summaryOf } from "../../src/train/compare-summary.ts";
import { parseComparison } from "../../src/train/compare.ts";
import { armRun } from "../ui/kept-comparisons.ts";

const comparison = parseComparison({ arms: [{ name: "a" }, { name: "b", config: { r: 2 } }], seeds: [0, 1] });
const whole = comparison.arms.flatMap((arm) => comparison.seeds.map((seed) => armRun(comparison, arm.name, seed)));
for (const { result } of whole) for (const key of ["predicted", "truth"] as const) result!.validation[key].length = 6;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Every place in a value, as a path of keys. */
const places = (value: Json, at: string[] = []): string[][] =>
  typeof value === "object" && value !== null ? [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))] : [at];

function put(value: Json, [key, ...rest]: string[], other: Json): Json {
  if (key === undefined) return other;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as { [key: string]: Json };
  copy[key] = put(copy[key], rest, other);
  return copy as Json;
}

test("one value anywhere replaced by another: the run is taken or left, and nothing breaks", () => {
  const json = JSON.parse(JSON.stringify(whole)) as Json;
  expect(readRuns(json, comparison)).toHaveLength(4);
  const all = places(json).filter((path) => !path.includes("config"));
  fc.assert(
    fc.property(fc.nat(all.length - 1), fc.jsonValue({ maxDepth: 2 }), (place, other) => {
      const runs = readRuns(put(json, all[place], other as Json), comparison);
      const summary = summaryOf(comparison, runs);
      expect(tableMarkdown(summary)).not.toMatch(/NaN|undefined/);
      expect(plotSvg(summary)).not.toMatch(/NaN|undefined/);
      tableCsv(comparison, runs, summary);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test("what is no list of runs, and runs measured otherwise, are left out", () => {
  for (const json of [null, undefined, 3, "runs", {}, [null, [], {}]]) expect(readRuns(json, comparison)).toEqual([]);
  const [first, second] = structuredClone(whole);
  second.result!.validation.predicted.push(1);
  second.result!.validation.truth.push(1);
  expect(readRuns([first, second], comparison)).toEqual([first]);
});
