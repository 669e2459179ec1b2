// suite.ts — everything that is measured on a backend, row by row, so that a page can show the table as it grows and end it early.

import type { Backend } from "../engine/backend.ts";
import type { BenchmarkRow } from "../protocol.ts";
import { benchKernels, worksOf } from "./kernels.ts";
import { benchStep } from "./step.ts";
import { type StepCase, graphsOf } from "./step-case.ts";

export interface SuiteOptions {
  /** Fewer and shorter samples. */
  quick?: boolean;
  /** Steps alone. */
  kernels?: boolean;
}

export interface Progress {
  rows: BenchmarkRow[];
  done: number;
  total: number;
}

/** First the steps, whose losses vouch for the rest, then their kernels. Break out of the loop to end it. Throws WrongLossError. */
export async function* suite(
  backend: Backend,
  cases: readonly StepCase[],
  { quick = false, kernels = true }: SuiteOptions = {},
): AsyncGenerator<Progress, void> {
  const counts = cases.map((c) => (kernels ? worksOf(graphsOf(c)).length + 1 : 0));
  const total = cases.length + counts.reduce((a, b) => a + b, 0);
  const rows: BenchmarkRow[] = [];
  let done = 0;
  for (const c of cases) {
    rows.push(...(await benchStep(backend, c, { steps: quick ? 3 : 6 })));
    yield { rows, done: ++done, total };
  }
  if (!kernels) return;
  for (const c of cases) {
    for await (const row of benchKernels(backend, c, quick ? { sampleMs: 10, samples: 2 } : { sampleMs: 25, samples: 5 })) {
      rows.push(row);
      yield { rows, done: ++done, total };
    }
  }
}
