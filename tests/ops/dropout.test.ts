// Dropout masks are bit-equal on every backend, and change with each part of their key.

import { describe, expect, test } from "vitest";
import { hash } from "../../src/engine/random.ts";
import { referenceBackend } from "../../src/engine/reference/backend.ts";
import { nd, ndUint } from "../../src/engine/reference/nd-array.ts";
import { trace, leaf } from "../../src/engine/graph.ts";
import { dropout } from "../../src/ops/dropout.ts";
import { wasmForTests } from "../harness/backends.ts";
import { webgpuOf } from "../harness/classes.ts";
import { run } from "../harness/run.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const N = 1003;
const ones = nd([N], new Float64Array(N).fill(1));
const keys = [
  { seed: 0, step: 0, microStep: 0, site: 0, p: 0.1 },
  { seed: 1, step: 0, microStep: 0, site: 0, p: 0.1 },
  { seed: 0, step: 1, microStep: 0, site: 0, p: 0.1 },
  { seed: 0, step: 0, microStep: 1, site: 0, p: 0.1 },
  { seed: 0, step: 0, microStep: 0, site: 1, p: 0.1 },
  { seed: 0xffffffff, step: 123456, microStep: 7, site: 209, p: 0.5 },
  { seed: 0x80000000, step: 4_000_000_000, microStep: 0, site: 3, p: 1 / 3 },
  { seed: 42, step: 17, microStep: 2, site: 30, p: 0.999 },
];
const maskOf = (y: ArrayLike<number>): number[] => Array.from(y, (v) => (v === 0 ? 0 : 1));
const masks = (backend: Parameters<typeof run>[0], { seed, step, microStep, site, p }: (typeof keys)[number]) =>
  run(backend, { x: ones, counter: ndUint([4], [seed, step, microStep, 0]) }, ({ x, counter }) => ({ y: dropout(x, counter, p, site) }));

describe.each(["webgpu", "wasm"] as const)("dropout masks on %s", (name) => {
  const backend = () => (name === "wasm" ? wasmForTests() : webgpuOf("cpu"));
  const missing = name === "webgpu" && Boolean(webgpuMissing);

  test.skipIf(missing).each(keys)("seed $seed, step $step, micro-step $microStep, site $site, p $p", async (key) => {
    const truth = await masks(referenceBackend(), key);
    const value = await masks(await backend(), key);
    expect(maskOf(value.y)).toEqual(maskOf(truth.y));
    expect(maskOf(value.y)).toEqual(Array.from({ length: N }, (_, e) => Number(hash(key.seed, key.step, key.microStep, key.site, e) >>> 8 >= key.p * 2 ** 24)));
    const kept = maskOf(value.y).reduce((a, b) => a + b);
    expect(Math.abs(kept - N * (1 - key.p))).toBeLessThan(4 * Math.sqrt(N * key.p * (1 - key.p)) + 1);
    for (const v of value.y) expect(v === 0 || Math.abs(v * (1 - key.p) - 1) < 1e-6).toBe(true);
  });

  test.skipIf(missing)("each part of the key counts", async () => {
    const seen = new Set<string>();
    for (const key of keys.slice(0, 5)) seen.add(maskOf((await masks(await backend(), key)).y).join(""));
    expect(seen.size).toBe(5);
  });
});

test("no dropout is no node; p outside [0, 1) is refused", () => {
  const { graph } = trace(() => {
    const x = leaf("input", "x", [4]);
    const counter = leaf("input", "counter", [4], "u32");
    expect(dropout(x, counter, 0, 0)).toBe(x);
    for (const p of [1, -0.1, NaN]) expect(() => dropout(x, counter, p, 0)).toThrow("dropout probability");
  });
  expect(graph.nodes).toHaveLength(0);
});

test("hash is the documented function", () => {
  // Fixed numbers: saved runs depend on them.
  expect([hash(0), hash(1, 2, 3), hash(-1), hash(0xffffffff)]).toMatchInlineSnapshot(`
    [
      2462723854,
      3682286299,
      920564995,
      920564995,
    ]
  `);
});
