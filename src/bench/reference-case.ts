// reference-case.ts — the reference step as a step that can be measured.

import { parseModel } from "../models/index.ts";
import { targetOfAdapter } from "../train/subject.ts";
import { referenceRun } from "./reference-run.ts";
import { type ReferenceStep, referenceStep } from "./reference-step.ts";
import type { StepCase } from "./step-case.ts";

export function referenceCase(): StepCase {
  const step = referenceStep();
  return {
    name: "reference step",
    target: targetOfAdapter(parseModel(step.config), step.adapter),
    B: step.batch.inputIds.length,
    T: step.batch.inputIds[0].length,
    losses: step.losses,
    tolerance: 1e-4,
    open: (backend, small) => referenceRun(backend, small ? { ...step, batch: few(step.batch) } : step),
  };
}

/** One row of eight tokens. */
const few = ({ inputIds, mask, labels }: ReferenceStep["batch"]): ReferenceStep["batch"] => {
  const corner = (rows: number[][]): number[][] => [rows[0].slice(0, 8)];
  return { inputIds: corner(inputIds), mask: corner(mask), labels: corner(labels) };
};
