// What does not fit is refused with the nearest configuration that does.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseModel } from "../../src/models/index.ts";
import { firstRun, parseConfig } from "../../src/train/config.ts";
import { estimate } from "../../src/train/estimate.ts";
import { doesNotFit, nearestFit } from "../../src/train/fit.ts";
import { targetOf } from "../../src/train/subject.ts";

const base = parseModel(JSON.parse(readFileSync("public/models/tales-3m/config.json", "utf8")) as Record<string, unknown>);
const config = parseConfig({ ...firstRun, data: { ...firstRun.data, max_length: 256 }, train: { ...firstRun.train, batch_size: 16 } });
const need = (c: typeof config): number => estimate(targetOf(base, c), c).memory.total;
const room = (total: number): { piece: number; total: number } => ({ piece: Infinity, total });

test("what fits is left alone", () => expect(doesNotFit(estimate(targetOf(base, config), config), room(need(config)))).toBeNull());

test("checkpointing first, then smaller batches of the same step, then shorter rows", () => {
  const all = need(config);
  const first = nearestFit(base, config, room(all - 1))!;
  expect(first.changes).toEqual([{ field: "train.gradient_checkpointing", to: "true" }]);

  const second = nearestFit(base, config, room(need(first.config) - 1))!;
  expect(second.changes.map((c) => c.field)).toEqual(["train.gradient_checkpointing", "train.batch_size", "train.gradient_accumulation_steps"]);
  expect(second.config.train.batch_size * second.config.train.gradient_accumulation_steps).toBe(16);

  const smallest = { ...second.config, train: { ...second.config.train, batch_size: 1, gradient_accumulation_steps: 16 } };
  const third = nearestFit(base, config, room(need(smallest) - 1))!;
  expect(third.changes.map((c) => c.field)).toContain("data.max_length");
  for (const s of [first, second, third]) expect(doesNotFit(estimate(targetOf(base, s.config), s.config), room(need(s.config)))).toBeNull();

  expect(nearestFit(base, config, room(1_000_000))).toBeNull();
});

test("a piece larger than a buffer is named", () => {
  const problem = doesNotFit(estimate(targetOf(base, config), config), { piece: 1_000_000, total: Infinity })!;
  expect(problem).toMatchObject({ where: "memory", level: "error" });
  expect(problem.what).toMatch(/needs [\d,]+ MB in one piece/);
});
