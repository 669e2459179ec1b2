// Gradient checkpointing changes memory, not values.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkLayout, layOut } from "../../src/engine/memory.ts";
import { optimise } from "../../src/engine/passes/index.ts";
import { parseModel } from "../../src/models/index.ts";
import { firstRun } from "../../src/train/config.ts";
import { compareCase, computeCase } from "../../src/train/golden.ts";
import { microGraph } from "../../src/train/graphs.ts";
import { targetOf } from "../../src/train/subject.ts";
import { backends } from "../harness/backends.ts";
import { caseFiles } from "../harness/golden.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

test.each(["llama-lora", "llama-full", "opt-lora", "opt-postnorm-lora", "bert-cls"])("%s with checkpointing", { timeout: 120_000 }, async (golden) => {
  const files = caseFiles(golden);
  const compared = await compareCase(files, await computeCase(await backends.reference(), files, { recompute: true }));
  for (const c of compared) expect.soft(c.worst, `${c.kind}: ${c.at}`).toBeLessThanOrEqual(c.tolerance);
});

test.skipIf(webgpuMissing)("llama-lora with checkpointing on webgpu", { timeout: 120_000 }, async () => {
  const files = caseFiles("llama-lora");
  const compared = await compareCase(files, await computeCase((await backends.webgpu())!, files, { recompute: true }));
  for (const c of compared) expect.soft(c.worst, `${c.kind}: ${c.at}`).toBeLessThanOrEqual(c.tolerance);
});

test("8 layers of 256 tokens need at most 0.4 of the activations", () => {
  const json = JSON.parse(readFileSync("public/models/tales-3m/config.json", "utf8")) as Record<string, unknown>;
  const target = targetOf(parseModel({ ...json, num_hidden_layers: 8 }), firstRun);
  const bytes = (recompute: boolean): number => {
    const graph = microGraph({ ...target.subject, recompute }, 4, 256);
    optimise(graph);
    const layout = layOut(graph);
    checkLayout(graph, layout);
    return layout.slots.reduce((sum, n) => sum + n * 4, 0);
  };
  expect(bytes(true)).toBeLessThanOrEqual(0.4 * bytes(false));
});
