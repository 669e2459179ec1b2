// onward.ts — what a run that goes on may change of its settings, and what is said of it.

import { ConfigError } from "../models/model.ts";
import type { Onward, RunConfig } from "../protocol.ts";
import { parseConfig } from "../train/config.ts";

/** at: the step it goes on from. Throws ConfigError. */
export function goingOn(config: RunConfig, onward: Onward, at: number): RunConfig {
  const { steps = config.train.steps, batch_size, gradient_accumulation_steps, backend = config.backend } = onward;
  if (steps < at) throw new ConfigError("train.steps", `is ${steps}, the run is at step ${at} already`, "Give it more.");
  const batch = batch_size && gradient_accumulation_steps ? { batch_size, gradient_accumulation_steps } : {};
  const next = parseConfig({ ...config, backend, train: { ...config.train, steps, ...batch } });
  if (rowsOf(next) !== rowsOf(config))
    throw new ConfigError("train.batch_size", `makes steps of ${rowsOf(next)} rows, they were of ${rowsOf(config)}`, "Keep batch × accumulation.");
  return next;
}

const rowsOf = ({ train }: RunConfig): number => train.batch_size * train.gradient_accumulation_steps;

/** What has changed, in words. */
export function changesOf({ train: before, backend: from }: RunConfig, { train: now, backend }: RunConfig): string[] {
  const notes: string[] = [];
  if (backend !== from) notes.push(`From here on it computes elsewhere (${backend}): other arithmetic, so the last digits are not those it would have had.`);
  if (now.steps !== before.steps)
    notes.push(
      `From here on a run of ${now.steps} steps instead of ${before.steps}${now.lr_scheduler_type === "constant" ? "" : ": the learning rate follows the schedule of the longer run, it does not go on from where the shorter one had brought it"}.`,
    );
  if (now.batch_size !== before.batch_size)
    notes.push(`From here on batches of ${now.batch_size}, ${now.gradient_accumulation_steps} to a step: the same rows in each step, with less memory.`);
  return notes;
}

/** The same rows to a step in smaller batches; undefined: a batch is one row already. */
export function smallerBatch({ batch_size, gradient_accumulation_steps }: RunConfig["train"]): Onward | undefined {
  for (let parts = 2; parts <= batch_size; parts++)
    if (batch_size % parts === 0) return { batch_size: batch_size / parts, gradient_accumulation_steps: gradient_accumulation_steps * parts };
  return undefined;
}
