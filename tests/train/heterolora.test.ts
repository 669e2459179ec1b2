// HeteroLoRA's golden case on every backend: scores, order, chosen modules, and two dynamic runs.

import { describe, expect, test } from "vitest";
import { runHeterolora } from "../../src/train/golden-heterolora.ts";
import { backends } from "../harness/backends.ts";
import { caseFiles } from "../harness/golden.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

describe.each(["reference", "webgpu", "wasm"] as const)("%s", (name) => {
  test.skipIf(name === "webgpu" && webgpuMissing)("heterolora", { timeout: 240_000 }, async () => {
    const { compared, left } = await runHeterolora((await backends[name]())!, caseFiles("../methods/heterolora"));
    console.info(compared.map((c) => `${c.kind} ${c.worst.toExponential(1)} (${c.at})`).join(", "));
    for (const c of compared) expect.soft(c.worst, `${c.kind}: ${c.at}`).toBeLessThanOrEqual(c.tolerance);
    expect(compared.map((c) => c.kind)).toEqual(
      expect.arrayContaining(["scores", "scores of grasp", "order", "masks", "losses", "bits of modules that are off"]),
    );
    expect(left).toEqual(["cut_proxies", "cut_plain", "cut_norm"]);
  });
});
