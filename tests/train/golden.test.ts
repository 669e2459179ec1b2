// Golden cases on every backend: logits, every gradient, eight losses, final weights, merged weights, greedy ids.

import { describe, expect, test } from "vitest";
import { compareCase, computeCase } from "../../src/train/golden.ts";
import { backends } from "../harness/backends.ts";
import { caseFiles } from "../harness/golden.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

describe.each(["webgpu", "wasm", "reference"] as const)("%s", (name) => {
  test
    .skipIf(name === "webgpu" && webgpuMissing)
    .each(["llama-lora", "llama-lora-rank-pattern", "llama-full", "opt-lora", "opt-postnorm-lora", "opt-cls", "bert-cls", "roberta-cls", "llama-cls"])(
    "%s",
    { timeout: 240_000 },
    async (golden) => {
      const backend = (await backends[name]())!;
      const files = caseFiles(golden);
      const compared = await compareCase(files, await computeCase(backend, files));
      for (const c of compared) expect.soft(c.worst, `${c.kind}: ${c.at}`).toBeLessThanOrEqual(c.tolerance);
      expect(compared.reduce((n, c) => n + c.count, 0)).toBeGreaterThan(20);
      console.info(`${golden} on ${name}: ${compared.map((c) => `${c.kind} ${c.worst.toExponential(1)}`).join(", ")}`);
    },
  );
});
