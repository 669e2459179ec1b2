// step.ts — milliseconds per training step, and what of it is JavaScript. A time counts only after the losses have been found right.

import type { Backend } from "../engine/backend.ts";
import type { BenchmarkRow } from "../protocol.ts";
import { graphsOf } from "./step-case.ts";
import type { StepCase } from "./step-case.ts";

/** The step computed something else than it should. */
export class WrongLossError extends Error {
  override name = "WrongLossError";
}

/** Throws WrongLossError where a loss lies farther from the expected one than the step's tolerance. Losses past the expected ones are not judged. */
export function checkLosses({ name, losses: expected, tolerance }: Pick<StepCase, "name" | "losses" | "tolerance">, losses: readonly number[]): void {
  expected.slice(0, losses.length).forEach((truth, i) => {
    if (!(Math.abs(losses[i] - truth) <= tolerance))
      throw new WrongLossError(`${name}: loss ${losses[i]} at step ${i + 1}, expected ${truth} (± ${tolerance}). Its times do not count`);
  });
}

/** Steps before the clock starts: pipelines, caches and memory are made in them. */
const WARM_UP = 2;

/** `steps` timed steps after the warm-up, each waited for by reading its loss; the best counts. Throws WrongLossError. */
export async function benchStep(backend: Backend, step: StepCase, { steps }: { steps: number }): Promise<BenchmarkRow[]> {
  const setUp = performance.now();
  const run = await step.open(backend);
  const losses: number[] = [];
  const times: number[] = [];
  let firstMs = 0;
  try {
    for (let i = 0; i < WARM_UP + steps; i++) {
      const began = performance.now();
      await run.step();
      losses.push(await run.loss());
      await backend.idle();
      if (i === 0) firstMs = performance.now() - setUp;
      if (i >= WARM_UP) times.push(performance.now() - began);
    }
  } finally {
    run.destroy();
  }
  checkLosses(step, losses);
  const javascript = await encodeMs(backend, step);

  const flops = graphsOf(step).flatMap((g) => g.nodes.flatMap((n) => (n.op.view ? [] : n.op.lower(n, { class: "cpu", maxStorageBufferBindingSize: Infinity })))).reduce((sum, d) => sum + (d.flops ?? 0), 0); // prettier-ignore
  const best = Math.min(...times);
  const judged = Math.min(losses.length, step.losses.length);
  const row = (name: string, value: number, unit: string, detail: string): BenchmarkRow => ({
    group: `${backend.name}, ${step.name}`,
    name,
    value,
    unit,
    detail,
  });
  return [
    row("step", best, "ms", `best of ${times.length}; median ${median(times).toFixed(1)} ms; ${judged} losses right within ${step.tolerance}`),
    row("tokens", (step.B * step.T * 1000) / best, "tokens/s", `${step.B} rows of ${step.T}, padding included`),
    row("arithmetic", flops / best / 1e6, "GFLOP/s", `${(flops / 1e9).toFixed(2)} GFLOP a step`),
    row("first step", firstMs, "ms", "from weights at hand to the first loss: upload, compilation, one step"),
    ...(javascript === null ? [] : [row("JavaScript", javascript, "ms", "encode and submit a step; best of 30, on a few tokens so that the device does not compete")]),
    row(backend.name === "wasm" ? "ONNX nodes" : "dispatches", run.dispatches.micro + run.dispatches.update, "", `forward and backward ${run.dispatches.micro}, update ${run.dispatches.update}`),
  ]; // prettier-ignore
}

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Milliseconds of JavaScript to encode and submit a step while the queue is kept busy; null where nothing is submitted. */
export async function encodeMs(backend: Backend, step: StepCase): Promise<number | null> {
  if (backend.encodeMs === undefined) return null;
  const run = await step.open(backend, true);
  let best = Infinity;
  for (let i = 0; i < 30; i++) {
    const before = backend.encodeMs;
    await run.step();
    best = Math.min(best, backend.encodeMs - before);
  }
  await backend.idle();
  run.destroy();
  return best;
}
