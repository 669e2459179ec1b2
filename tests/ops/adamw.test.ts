// AdamW leaves alone what is not its own: inactive segments bit for bit, gaps, and every gradient 0 afterwards.

import { describe, expect, test } from "vitest";
import { adamw } from "../../src/ops/adamw.ts";
import { gradNorms } from "../../src/ops/clip.ts";
import { decodeSegments, encodeSegments } from "../../src/ops/segments.ts";
import { classes, webgpuOf } from "../harness/classes.ts";
import { run } from "../harness/run.ts";
import { webgpuMissing } from "../harness/webgpu.ts";
import { cases, scalarsOf } from "./cases/adamw.ts";
import { segmentsOf } from "./cases/clip.ts";

describe.skipIf(webgpuMissing)("adamw", () => {
  test.each(classes)("touches active segments only, class %s", async (target) => {
    const lengths = [64, 12, 3, 300, 8, 8, 257];
    const segments = segmentsOf(...lengths);
    const { inputs } = cases[0];
    const after = await run(await webgpuOf(target), { ...inputs, scalars: scalarsOf(1e-2, 0.9, 0.999, 1e-8, 0.5, 1) }, ({ p, g, m, v, segments, scalars }) => ({
      p: adamw({ p, g, m, v, segments }, scalars, gradNorms(g, segments).total).p,
    }));
    const owned = new Set(segments.filter((s) => s.active).flatMap((s) => Array.from({ length: s.length }, (_, i) => s.offset + i)));
    expect(owned.size).toBe(64 + 3 + 300 + 8 + 257);
    for (const name of ["p", "m", "v"] as const)
      after[`leaf ${name}`].forEach((v, e) => {
        const same = v === inputs[name].data[e];
        if (same === owned.has(e)) expect.fail(`${name}[${e}] ${same ? "did not move" : "moved"}`);
      });
    expect(after["leaf g"].every((v) => v === 0)).toBe(true);
    expect(decodeSegments(after["leaf segments"])).toEqual(decodeSegments(encodeSegments(segments)).map((s) => ({ ...s, step: s.step + (s.active ? 1 : 0) })));
  });
});

test("a segment table that overlaps is refused", () => {
  const segment = { offset: 0, length: 8, active: true, step: 0, lrScale: 1, weightDecay: 0 };
  expect(() => encodeSegments([segment, { ...segment, offset: 4 }])).toThrow("segment 1 at 4");
  expect(() => encodeSegments([{ ...segment, offset: 2 }])).toThrow("multiples of 4");
});
