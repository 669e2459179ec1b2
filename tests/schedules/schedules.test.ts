// When an allocation is decided.

import { expect, test } from "vitest";
import { schedules } from "../../src/schedules/index.ts";

const view = { steps: 40, stepsPerEpoch: 13, realloc_N: 0.2, first_epochs_random: 0, stop_after: 1 };
const steps = (change: Partial<typeof view>, name: keyof typeof schedules = "dynamic"): number[] =>
  Array.from({ length: 40 }, (_, i) => i).filter((step) => schedules[name].actions(step, { ...view, ...change }).length);

test("static: before the first step only", () => expect(steps({}, "static")).toEqual([0]));
test("dynamic: every ceil(0.2 · 13) = 3 steps, and anew at step 0 of every epoch", () => {
  expect(steps({})).toEqual([0, 3, 6, 9, 12, 13, 16, 19, 22, 25, 26, 29, 32, 35, 38, 39]);
  expect(steps({ realloc_N: 1 })).toEqual([0, 13, 26, 39]);
  expect(steps({ stepsPerEpoch: 10 })).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i));
  expect(steps({ stepsPerEpoch: 1, realloc_N: 0.1 })).toHaveLength(40);
});
test("dynamic: settled after a share of the run; the first epochs random", () => {
  expect(steps({ stop_after: 0.5 })).toEqual([0, 3, 6, 9, 12, 13, 16, 19]);
  expect(steps({ stop_after: 0 })).toEqual([0]);
  const scores = (step: number): string => schedules.dynamic.actions(step, { ...view, first_epochs_random: 2 })[0].scores;
  expect([0, 13, 26].map(scores)).toEqual(["random", "random", "proxy"]);
});
