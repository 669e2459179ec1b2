// Golden cases on every backend: logits, every gradient, eight losses, final weights, merged weights, greedy ids.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type CaseFiles, compareCase, computeCase } from "../../src/train/golden.ts";
import { backends } from "../harness/backends.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const root = join(import.meta.dirname, "../golden/cases");

function caseFiles(name: string): CaseFiles {
  const folder = join(root, name);
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  return new Map(names.map((f) => [join(f.parentPath, f.name).slice(folder.length + 1), readFileSync(join(f.parentPath, f.name))]));
}

describe.each(["webgpu", "reference"] as const)("%s", (name) => {
  test.skipIf(name === "webgpu" && webgpuMissing).each(["llama-lora", "llama-lora-rank-pattern", "llama-full"])("%s", { timeout: 240_000 }, async (golden) => {
    const backend = (await backends[name]())!;
    const files = caseFiles(golden);
    const compared = await compareCase(files, await computeCase(backend, files));
    for (const c of compared) expect.soft(c.worst, `${c.kind}: ${c.at}`).toBeLessThanOrEqual(c.tolerance);
    expect(compared.reduce((n, c) => n + c.count, 0)).toBeGreaterThan(20);
    console.info(`${golden} on ${name}: ${compared.map((c) => `${c.kind} ${c.worst.toExponential(1)}`).join(", ")}`);
  });
});
