// GELU against values of the error function from elsewhere, and how exact its gate is in f32.

import { describe, expect, test } from "vitest";
import { nd } from "../../src/engine/reference/nd-array.ts";
import { activation, activations, normalCdf } from "../../src/ops/activation.ts";
import { classes, webgpuOf } from "../harness/classes.ts";
import { run } from "../harness/run.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

// Python's math.erfc and math.tanh: x, erfc(−x/√2)/2, gelu, gelu_new, silu.
const known = [
  [-8, 6.220960574271819e-16, -4.9767684594174555e-15, 0, -0.002682801043731825],
  [-5, 2.866515718791946e-7, -1.4332578593959731e-6, -2.2917961972623857e-7, -0.03346425462142428],
  [-3.25, 0.0005770250423907673, -0.001875331387769994, -0.0015686271447474948, -0.12131238386842075],
  [-1, 0.15865525393145707, -0.15865525393145707, -0.15880800939172324, -0.2689414213699951],
  [-0.125, 0.4502617751698871, -0.056282721896235885, -0.05628280137577661, -0.05859882832828047],
  [0.5, 0.6914624612740131, 0.34573123063700656, 0.34571400982514394, 0.3112296656009273],
  [1.75, 0.9599408431361829, 1.67989647548832, 1.6797953823412513, 1.4909174034445436],
  [4, 0.9999683287581669, 3.9998733150326675, 3.9999297540518075, 3.928055160151634],
  [6.5, 0.99999999995984, 6.49999999973896, 6.499999999999372, 6.490242315331209],
];

test.each(known)("at %d", (x, cdf, gelu, geluNew, silu) => {
  expect(normalCdf(x)).toBeCloseTo(cdf, 15);
  expect(activations.gelu.f(x)).toBeCloseTo(gelu, 14);
  expect(activations.gelu_new.f(x)).toBeCloseTo(geluNew, 14);
  expect(activations.silu.f(x)).toBeCloseTo(silu, 14);
});

describe.skipIf(webgpuMissing).each(classes)("class %s", (target) => {
  const x = nd([12_001], Array.from({ length: 12_001 }, (_, i) => Math.fround(i / 1000 - 6))); // prettier-ignore

  test.each(["gelu", "gelu_new", "silu"] as const)("%s from −6 to 6 is within 1e-6 of its definition, relative to x", async (kind) => {
    const { y } = await run(await webgpuOf(target), { x }, ({ x }) => ({ y: activation(x, kind) }));
    const worst = Math.max(...Array.from(x.data, (v, i) => (v === 0 ? Math.abs(y[i]) : Math.abs(y[i] - activations[kind].f(v)) / Math.abs(v))));
    expect(worst).toBeLessThan(1e-6);
  });
});
