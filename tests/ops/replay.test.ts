// Per-step values are live: one compiled plan, learning rate, step and seed changed between replays, and the reference's answer demanded.

import { describe, expect, test } from "vitest";
import { referenceBackend } from "../../src/engine/reference/backend.ts";
import { type NdArray, ndUint } from "../../src/engine/reference/nd-array.ts";
import { adamw } from "../../src/ops/adamw.ts";
import { addInto } from "../../src/ops/add.ts";
import { gradNorms } from "../../src/ops/clip.ts";
import { dropout } from "../../src/ops/dropout.ts";
import { wasmForTests } from "../harness/backends.ts";
import { classes, webgpuOf } from "../harness/classes.ts";
import { replays } from "../harness/replays.ts";
import { relativeError } from "../harness/run.ts";
import { webgpuMissing } from "../harness/webgpu.ts";
import { scalarsOf } from "./cases/adamw.ts";
import { roomFor, segmentsOf, tableOf } from "./cases/clip.ts";
import { noise } from "./cases/op-case.ts";

const segments = segmentsOf(64, 12, 30);
const shape = [roomFor(segments)];
const counter = (seed: number, step: number) => ndUint([4], [seed, step, 0, 0]);
const inputs = {
  p: noise(shape),
  g: noise(shape, 2),
  m: noise(shape, 3),
  v: { ...noise(shape), data: noise(shape, 4).data.map(Math.abs) },
  dy: noise(shape, 5),
  segments: tableOf(segments),
  scalars: scalarsOf(1e-2, 0.9, 0.999, 1e-8, 1, 1),
  counter: counter(1, 0),
};
const writes: Record<string, NdArray>[] = [
  {},
  {},
  { scalars: scalarsOf(1e-4, 0.9, 0.999, 1e-8, 1, 1) },
  { counter: counter(1, 1) },
  { counter: counter(2, 1), segments: tableOf(segments.map((s) => ({ ...s, active: !s.active, step: 500 }))) },
];

describe("a plan replayed with other per-step values", () => {
  const places = { ...Object.fromEntries(classes.map((c) => [`webgpu, class ${c}`, () => webgpuOf(c)])), wasm: wasmForTests };
  test.each(Object.keys(places))("gives the reference's answer on %s", async (name) => {
    if (name !== "wasm" && webgpuMissing) return;
    const backend = await places[name as keyof typeof places]();
    const step = (t: Parameters<Parameters<typeof replays>[3]>[0]) => {
      const masked = dropout(t.dy, t.counter, 0.3, 4);
      const g = addInto(t.g, masked);
      const { p, m, v, segments } = adamw({ p: t.p, g, m: t.m, v: t.v, segments: t.segments }, t.scalars, gradNorms(g, t.segments).total);
      return { p, m, v, segments, masked };
    };
    const truth = await replays(referenceBackend(), inputs, writes, step);
    const value = await replays(backend, inputs, writes, step);
    truth.forEach((values, i) => {
      for (const [name, t] of Object.entries(values)) expect.soft(relativeError(value[i][name], t), `${name}, replay ${i}`).toBeLessThan(5e-6);
    });
    const moved = (i: number): number => Math.hypot(...value[i].p.map((v, e) => v - value[i - 1].p[e]));
    expect(moved(2) / moved(1)).toBeLessThan(0.05); // a hundredth of the learning rate
    expect(value[1].masked).toEqual(value[0].masked);
    expect(value[3].masked).not.toEqual(value[2].masked);
    expect(value[4].masked).not.toEqual(value[3].masked);
    expect([3, 11, 19].map((word) => value[3].segments[word])).toEqual([4, 10, 24]); // 0, 10 (inactive), 20, four replays on
  });
});
