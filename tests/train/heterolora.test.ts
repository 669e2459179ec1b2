// HeteroLoRA's golden case on every backend: scores, order, chosen modules and shortcuts, two dynamic runs, and two with shortcuts in either form.

import { describe, expect, test } from "vitest";
import { runHeterolora } from "../../src/train/golden-heterolora.ts";
import { backends } from "../harness/backends.ts";
import { caseFiles } from "../harness/golden.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

describe.each(["reference", "webgpu", "wasm"] as const)("%s", (name) => {
  test.skipIf(name === "webgpu" && webgpuMissing)("heterolora", { timeout: 240_000 }, async () => {
    const { compared, values } = await runHeterolora((await backends[name]())!, caseFiles("../methods/heterolora"));
    console.info(compared.map((c) => `${c.kind} ${c.worst.toExponential(1)} (${c.at})`).join(", "));
    for (const c of compared) expect.soft(c.worst, `${c.kind}: ${c.at}`).toBeLessThanOrEqual(c.tolerance);
    expect(compared.map((c) => c.kind)).toEqual(
      expect.arrayContaining([
        "scores",
        "scores of grasp",
        "order",
        "masks",
        "losses",
        "losses with shortcuts",
        "grad with shortcuts",
        "final with shortcuts",
        "bits of modules that are off",
      ]),
    );
    for (const sub of ["proxies", "dynamic", "dynamic_constant", "cut_proxies", "cut_plain", "cut_norm"])
      expect([...values.keys()].some((name) => name.startsWith(`${sub}/`))).toBe(true);
  });
});
