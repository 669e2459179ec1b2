// Where f32 could quietly lose digits: AdamW's bias correction for any step, and sums over millions of elements.

import { describe, expect, test } from "vitest";
import { referenceBackend } from "../../src/engine/reference/backend.ts";
import { nd } from "../../src/engine/reference/nd-array.ts";
import { adamw } from "../../src/ops/adamw.ts";
import { gradNorms } from "../../src/ops/clip.ts";
import { sum } from "../../src/ops/reduce.ts";
import { classes, webgpuOf } from "../harness/classes.ts";
import { relativeError, run } from "../harness/run.ts";
import { webgpuMissing } from "../harness/webgpu.ts";
import { scalarsOf } from "./cases/adamw.ts";
import { roomFor, segmentsOf, tableOf } from "./cases/clip.ts";
import { noise } from "./cases/op-case.ts";

describe.skipIf(webgpuMissing)("accuracy in f32", () => {
  const steps = [1, 2, 3, 10, 100, 1000, 10_000, 100_000];
  const segments = steps.map((t, i) => ({ offset: 4 * i, length: 1, active: true, step: t - 1, lrScale: 1, weightDecay: 0 }));
  const shape = [4 * steps.length];
  const betas = [0, 0.3, 0.5, 0.9, 0.95, 0.999, 0.99999];
  const pairs = betas.flatMap((b) => [[b, 0] as const, [0, b] as const]); // prettier-ignore

  test.each(pairs)("bias corrections, beta1 %d, beta2 %d", async (beta1, beta2) => {
    // From zero moments a step is lr · (1 − β₁)/(1 − β₁ᵗ) / √((1 − β₂)/(1 − β₂ᵗ)): with one β at 0, the other's correction alone.
    const inputs = { p: nd(shape), g: nd(shape, new Float64Array(shape[0]).fill(1)), m: nd(shape), v: nd(shape), segments: tableOf(segments), scalars: scalarsOf(1, beta1, beta2, 0, 0, 1) }; // prettier-ignore
    const norm = nd([2], [1, 0]);
    const step = await run(await webgpuOf("cpu"), { ...inputs, norm }, ({ p, g, m, v, segments, scalars, norm }) => ({
      p: adamw({ p, g, m, v, segments }, scalars, norm).p,
    }));
    const [b1, b2] = [Math.fround(beta1), Math.fround(beta2)];
    steps.forEach((t, i) => {
      const expected = -(1 - b1) / (1 - b1 ** t) / Math.sqrt((1 - b2) / (1 - b2 ** t));
      expect.soft(Math.abs(step.p[4 * i] / expected - 1), `step ${t}`).toBeLessThan(1e-6);
    });
  });

  const N = 3_000_000;
  const long = { "noise": noise([N]), "equal terms": nd([N], new Float64Array(N).fill(Math.fround(0.1))) }; // prettier-ignore
  describe.each(classes)("class %s", (target) => {
    test.each(Object.entries(long))("gradient norms over 3 million elements of %s", async (_, g) => {
      const segments = segmentsOf(1000, 500_000, 2_400_001, 64);
      expect(roomFor(segments)).toBeLessThan(N);
      const inputs = { g, segments: tableOf(segments) };
      const norms = (t: Record<"g" | "segments", Parameters<typeof gradNorms>[0]>) => ({ ...gradNorms(t.g, t.segments) });
      const truth = await run(referenceBackend(), inputs, (t) => norms(t as never));
      const value = await run(await webgpuOf(target), inputs, (t) => norms(t as never));
      truth.squares.forEach((s, i) => expect.soft(Math.abs(value.squares[i] - s), `segment ${i}`).toBeLessThanOrEqual(1e-6 * s));
      expect(relativeError(value.total, truth.total)).toBeLessThan(1e-6);
    });

    test("sum of 3 million equal terms", async () => {
      const { y } = await run(await webgpuOf(target), { x: long["equal terms"] }, ({ x }) => ({ y: sum(x) }));
      expect(Math.abs(y[0] / (N * Math.fround(0.1)) - 1)).toBeLessThan(1e-6);
    });
  });
});
