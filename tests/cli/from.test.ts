// from.test.ts — train --from: a run begins as an adapter, with its ranks and alphas, and what counts as the base is still the base.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ended, cli, makeModel, rows, tinyConfig } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-from-"));
const at = (name: string): string => join(folder, name);
const run = (...args: string[]): Promise<Ended> => cli(args, { cwd: folder });
const reference = ["--backend", "reference"];
const write = (name: string, change: object): string => (writeFileSync(at(name), JSON.stringify({ ...tinyConfig, ...change })), name);
const losses = (name: string): number[] =>
  readFileSync(at(`${name}/events.jsonl`), "utf8").trim().split("\n").map((line) => JSON.parse(line)).filter((e) => e.type === "step").map((e) => e.loss); // prettier-ignore
let first: Ended;

beforeAll(async () => {
  makeModel(at("model"));
  writeFileSync(at("rows.jsonl"), rows.join("\n"));
  first = await run("train", write("first.json", { alpha_pattern: { "layers.1.self_attn.v_proj": 7 } }), "--out", "first", ...reference);
  // Other ranks, other modules: those of the adapter count.
  write("second.json", { r: 9, target_modules: ["o_proj"], rank_pattern: {} });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the adapter's ranks and alphas, its values at the start, and the base as it was", { timeout: 120_000 }, async () => {
  const second = await run("train", "second.json", "--from", "first/adapter", "--out", "second", ...reference);
  expect(second.code, second.stderr).toBe(0);
  const config = (name: string): Record<string, unknown> => JSON.parse(readFileSync(at(`${name}/adapter/adapter_config.json`), "utf8"));
  const ranks = ["r", "lora_alpha", "rank_pattern", "alpha_pattern", "target_modules"] as const;
  for (const field of ranks) expect(config("second")[field], field).toEqual(config("first")[field]);
  expect(second.last.base_eval_loss).toBe(first.last.base_eval_loss);
  expect(second.last.eval_loss).toBeLessThan(first.last.eval_loss);
  // The same rows come first: with the adapter's values they are known better than from scratch.
  expect(losses("second")[0]).toBeLessThan(losses("first")[0]);
  // Going on with it needs no adapter any more.
  const on = await run("train", "--resume", "second", "--steps", "4", ...reference);
  expect(on.code, on.stderr).toBe(0);
  expect(on.last.steps).toBe(4);
});

test.each([
  [["second.json", "--from", "nowhere"], /--from nowhere: there is no such folder/],
  [["second.json", "--from", "first"], /--from first: is the folder of a run\. Take --from first\/adapter/],
  [["full.json", "--from", "first/adapter"], /first\/adapter, method: is full, an adapter is trained further with lora/],
  [["allocated.json", "--from", "first/adapter"], /first\/adapter, allocation: decides about ranks, which the adapter has already/],
  [["other.json", "--from", "first/adapter"], /first\/adapter, adapter: .*which this model does not have|in this model, the adapter's A is/],
])("refused: %j", { timeout: 60_000 }, async (args, message) => {
  write("full.json", { method: "full", target_modules: ["all"] });
  write("allocated.json", { allocation: { proxy: "constant", budget: { share: 0.5 } } });
  write("other.json", { model: { source: "bundled:tales-3m" } });
  const ended = await run("train", ...args, "--out", "refused", ...reference);
  expect(ended.stderr).toMatch(message);
  expect(ended.code).toBe(2);
  expect(existsSync(at("refused/run.json"))).toBe(false);
});
