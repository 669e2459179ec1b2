// Answers: batches of prompts are prompts by themselves, seeds decide samples, stops stop, and the model's window is kept.

import { expect, test } from "vitest";
import { type Sampling, generate, greedy } from "../../src/train/generate.ts";
import type { Run } from "../../src/train/run.ts";
import { backends } from "../harness/backends.ts";
import { fillAdapter, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const tiny = await tinyModel({ max_position_embeddings: 32 });

async function ready(name: "reference" | "webgpu"): Promise<Run> {
  const run = await runOf((await backends[name]())!, tiny, runConfig());
  await fillAdapter(run);
  return run;
}

const sampled = (seed: number, more: Partial<Sampling> = {}): Sampling => ({ ...greedy(8), temperature: 1, seed, ...more });

test.skipIf(webgpuMissing)("prompts of different lengths at once answer as each alone, on both backends", async () => {
  const prompts = [[5], [1, 2, 3, 4, 5, 6, 7], [9, 8, 7]]; // prettier-ignore
  const run = await ready("webgpu");
  const together = await generate(run, prompts, greedy(6));
  for (const [i, prompt] of prompts.entries()) expect((await generate(run, [prompt], greedy(6)))[0]).toEqual(together[i]);
  const reference = await ready("reference");
  expect(await generate(reference, prompts, greedy(6))).toEqual(together);
  expect(together.every((ids) => ids.length === 6 && ids.every((id) => id >= 0 && id < 61))).toBe(true);
  run.destroy();
});

test.skipIf(webgpuMissing)("a seed is an answer; a narrow nucleus and a cold temperature are the arg max", async () => {
  const run = await ready("webgpu");
  const prompt = [[3, 1, 4], [1, 5]]; // prettier-ignore
  const best = await generate(run, prompt, greedy(8));
  const one = await generate(run, prompt, sampled(1));
  expect(await generate(run, prompt, sampled(1))).toEqual(one);
  expect(await generate(run, prompt, sampled(2))).not.toEqual(one);
  expect(one).not.toEqual(best);
  expect(await generate(run, prompt, sampled(3, { topP: 1e-6 }))).toEqual(best);
  expect(await generate(run, prompt, sampled(3, { temperature: 1e-3 }))).toEqual(best);
  run.destroy();
});

test("samples follow the probabilities", async () => {
  const run = await ready("reference");
  const counts = new Map<number, number>();
  const n = 400;
  for (let seed = 0; seed < n; seed++) {
    const [[id]] = await generate(run, [[7, 7]], { ...greedy(1), temperature: 1, seed });
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const plan = await run.plans.generation(1, 32);
  for (let t = 0; t < 2; t++) {
    run.plans.write("inputIds", Int32Array.of(7));
    run.plans.write("position", Uint32Array.of(t));
    await run.backend.run(plan);
  }
  const logits = (await run.backend.read(plan.captures.get("logits")!)).subarray(0, 61);
  const Z = logits.reduce((sum, l) => sum + Math.exp(l), 0);
  logits.forEach((l, id) => {
    const p = Math.exp(l) / Z;
    expect(Math.abs((counts.get(id) ?? 0) - n * p), `token ${id}`).toBeLessThan(4.5 * Math.sqrt(n * p * (1 - p)) + 1);
  });
});

test.skipIf(webgpuMissing)("it ends at a stop token, which is not part of the answer, at the number asked for, and at the model's window", async () => {
  const run = await ready("webgpu");
  const prompt = [4, 2];
  const free = (await generate(run, [prompt], greedy(10)))[0];
  const stop = free.find((id) => id !== free[0])!;
  expect((await generate(run, [prompt], greedy(10, [stop])))[0]).toEqual(free.slice(0, free.indexOf(stop)));
  expect((await generate(run, [prompt], greedy(10, [free[0]])))[0]).toEqual([]);
  expect(await generate(run, [prompt], greedy(0))).toEqual([[]]);
  // Longer than the model: the prompt loses its beginning, the answer is whole.
  const long = Array.from({ length: 50 }, (_, i) => i % 61);
  expect((await generate(run, [long], greedy(8)))[0]).toEqual((await generate(run, [long.slice(-24)], greedy(8)))[0]);
  expect((await generate(run, [long], greedy(100)))[0].length).toBeLessThanOrEqual(32);
  let asked = 0;
  const cut = await generate(run, [prompt], greedy(20), () => ++asked > 4);
  expect(cut[0].length).toBeLessThan(5);
  run.destroy();
});
