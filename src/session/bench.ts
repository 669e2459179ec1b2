// bench.ts — what the page's Benchmark button and `npm run bench` measure: the reference step and the step of the page's first run, on each backend.

import { firstRunStep } from "../bench/first-run.ts";
import { referenceCase } from "../bench/reference-case.ts";
import type { StepCase } from "../bench/step-case.ts";
import { suite } from "../bench/suite.ts";
import type { Backend } from "../engine/backend.ts";
import type { BenchmarkRow } from "../protocol.ts";
import { firstRun } from "../train/config.ts";
import { type LoadContext, loadModel } from "./load.ts";

export async function benchSteps(context: LoadContext): Promise<StepCase[]> {
  return [referenceCase(), firstRunStep(await loadModel(firstRun.model.source, context))];
}

/** Quick measurements on one backend after the other; `open` makes each. Ends early, with what there is, once `cancelled`. Throws WrongLossError. */
export async function benchBackends(
  context: LoadContext,
  open: readonly (() => Promise<Backend>)[],
  cancelled: () => boolean,
  onProgress: (rows: BenchmarkRow[], done: number, total: number) => void,
): Promise<BenchmarkRow[]> {
  const steps = await benchSteps(context);
  const rows: BenchmarkRow[] = [];
  for (const [i, make] of open.entries()) {
    if (cancelled()) break;
    const backend = await make();
    try {
      let measured: BenchmarkRow[] = [];
      for await (const progress of suite(backend, steps, { quick: true })) {
        measured = progress.rows;
        onProgress([...rows, ...measured], i * progress.total + progress.done, open.length * progress.total);
        if (cancelled()) break;
      }
      rows.push(...measured);
    } finally {
      backend.destroy();
    }
  }
  return rows;
}
