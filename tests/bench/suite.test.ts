// What the benchmarks measure is the step itself: right losses, every op of it once, an end when asked for. How long it takes is no test.

import { join } from "node:path";
import { expect, test } from "vitest";
import { benchKernels, worksOf } from "../../src/bench/kernels.ts";
import { number, report } from "../../src/bench/report.ts";
import { WrongLossError, benchStep, checkLosses } from "../../src/bench/step.ts";
import { graphsOf } from "../../src/bench/step-case.ts";
import { suite } from "../../src/bench/suite.ts";
import type { BenchmarkRow } from "../../src/protocol.ts";
import { benchSteps } from "../../src/session/bench.ts";
import { diskFile, diskFolder } from "../../src/session/disk.ts";
import { wasmForTests } from "../harness/backends.ts";
import { peerData } from "./peers/data.ts";

const models = join(import.meta.dirname, "../../public/models");
const context = { bundled: (name: string) => diskFolder(join(models, name), `bundled:${name}`), dataFile: diskFile };
const [reference, firstRun] = await benchSteps(context);
const value = (rows: readonly BenchmarkRow[], name: string): number => rows.find((r) => r.name === name)!.value;

test("the first run's step has the losses of the float64 reference", { timeout: 120_000 }, async () => {
  // After a change of the bundled model or of the first run's settings: take the new losses from the reference backend.
  const rows = await benchStep(await wasmForTests(), firstRun, { steps: 1 });
  expect(rows[0].detail).toContain("3 losses right");
  expect(value(rows, "tokens")).toBeCloseTo((firstRun.B * firstRun.T * 1000) / value(rows, "step"));
});

test("a wrong loss takes the time away", () => {
  const step = { name: "step", losses: [3, 2], tolerance: 1e-3 };
  checkLosses(step, [3.0009, 1.9991, 17]);
  expect(() => checkLosses(step, [3, 2.002])).toThrow(WrongLossError);
  expect(() => checkLosses(step, [NaN])).toThrow(/loss NaN at step 1, expected 3/);
});

test("every op of the step is timed, each distinct one once", { timeout: 120_000 }, async () => {
  const graphs = graphsOf(firstRun);
  const works = worksOf(graphs);
  const nodes = graphs.flatMap((g) => g.nodes.filter((n) => !n.op.view));
  expect(works.reduce((sum, w) => sum + w.times, 0)).toBe(nodes.length);
  const rows: BenchmarkRow[] = [];
  for await (const row of benchKernels(await wasmForTests(), firstRun, { sampleMs: 0, samples: 1 })) rows.push(row);
  expect(rows).toHaveLength(works.length + 1);
  for (const row of rows) expect(row.value).toBeGreaterThan(0);
});

test("the suite ends when its reader does", { timeout: 120_000 }, async () => {
  let seen = 0;
  for await (const { rows, done, total } of suite(await wasmForTests(), [firstRun, reference], { quick: true })) {
    expect(done).toBe(++seen);
    expect(total).toBeGreaterThan(20);
    expect(rows.every((r) => r.group === "wasm, first run's step")).toBe(true);
    break;
  }
  expect(seen).toBe(1);
});

test("the table", () => {
  const row = (group: string, name: string, n: number, unit: string): BenchmarkRow => ({ group, name, value: n, unit, detail: "why" });
  expect(report([row("a", "step", 12.3456, "ms"), row("a", "tokens", 12345.6, "tokens/s"), row("b", "dispatches", 148, "")]).split("\n")).toEqual([
    "a",
    "  step                12.3 ms  why",
    "  tokens      12,346 tokens/s  why",
    "",
    "b",
    "  dispatches              148  why",
  ]);
  expect([number(0.012345), number(999.6), number(1e6)]).toEqual(["0.0123", "1000", "1,000,000"]);
});

test("other libraries get the same step", async () => {
  const { data, values } = await peerData();
  const sizes = Object.values(data.index).map((t) => t.shape.reduce((a, b) => a * b, 1));
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(values.length);
  expect(data.targets.filter((t) => t >= 0)).toHaveLength(4 * 127);
  expect(data.targets.slice(0, 127)).toEqual(data.inputIds.slice(1, 128));
  expect(Object.keys(data.index).filter((name) => /\.[AB]$/.test(name))).toHaveLength(4 * 6 * 2);
});
