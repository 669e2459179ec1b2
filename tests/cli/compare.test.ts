// compare from the command line: runs, tables, what is there is not run again, more seeds, arms that fail, and what is refused.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ArmRun } from "../../src/protocol/comparison.ts";
import { type Ended, cli, makeModel, rows, tinyConfig } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-compare-"));
const at = (name: string): string => join(folder, name);
const { model, data, train } = tinyConfig;
const base = { model, data, r: 4, lora_alpha: 8, target_modules: ["q_proj", "o_proj"], train };
const arms = [
  { name: "uniform", config: { r: 2, lora_alpha: 4 } },
  { name: "dynamic", config: { allocation: { budget: { share: 0.5 }, when: "dynamic", batches: 2, realloc_N: 0.5 } } },
  { name: "whole", config: { method: "full", target_modules: ["all"] }, reference: true },
];
const write = (name: string, change: object = {}): string => {
  writeFileSync(at(name), JSON.stringify({ base, arms, seeds: [0, 1], ...change }));
  return name;
};
const compare = (...args: string[]): Promise<Ended> => cli(["compare", ...args, "--backend", "wasm"], { cwd: folder });
const files = (out: string): string[] => readdirSync(at(join(out, "runs"))).filter((n) => n.endsWith(".json")).sort(); // prettier-ignore
const run = (out: string, name: string): ArmRun => JSON.parse(readFileSync(at(join(out, "runs", name)), "utf8")) as ArmRun;

beforeAll(() => {
  makeModel(at("model"));
  writeFileSync(at("rows.jsonl"), rows.join("\n"));
  writeFileSync(at("more.jsonl"), rows.slice(0, 6).join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("two seeds of three arms, shared by two processes, then one more seed", { timeout: 240_000 }, async () => {
  const test = "file:more.jsonl";
  const [one, two] = await Promise.all([compare(write("a.json", { test }), "--out", "a", "--seed", "0"), compare("a.json", "--out", "a", "--seed", "1")]);
  expect([one.code, two.code], one.stderr + two.stderr).toEqual([0, 0]);
  expect(files("a")).toEqual([0, 1].flatMap((s) => [`dynamic.seed-${s}.json`, `uniform.seed-${s}.json`, `whole.seed-${s}.json`]).sort());

  const { result } = run("a", "dynamic.seed-1.json");
  expect(result).toMatchObject({ measure: "exact match", steps: 3, trainable: 2 * 4 * 128, backend: "wasm" });
  expect(run("a", "uniform.seed-1.json").result!.trainable).toBe(2 * 4 * 128);
  expect([result!.validation.predicted.length, result!.test!.predicted.length]).toEqual([4, 6]);
  expect(readFileSync(at("a/runs/dynamic.seed-1.events.jsonl"), "utf8")).toContain('"type":"allocation"');

  const before = statSync(at("a/runs/uniform.seed-0.json")).mtimeMs;
  const more = await compare(write("a.json", { test, seeds: [0, 1, 2] }), "--out", "a");
  expect(more.code, more.stderr).toBe(0);
  expect(more.stderr).toContain("uniform: 1,024 trained numbers");
  expect(more.stderr).toContain("6 of 9 runs are there, 3 to go");
  expect(more.last).toMatchObject({ runs: 3, failed: 0, skipped: 6, finished: 9, wanted: 9, measure: "exact match", on: "test", baseline: "uniform" });
  expect(more.last.arms.map((a: { name: string; seeds: number; interval: unknown }) => [a.name, a.seeds, a.interval])).toEqual([
    ["uniform", 3, null],
    ["dynamic", 3, null],
    ["whole", 3, null],
  ]);
  expect(statSync(at("a/runs/uniform.seed-0.json")).mtimeMs).toBe(before);
  expect(readFileSync(at("a/table.md"), "utf8")).toContain("| whole (reference) | 3 |");
  expect(readFileSync(at("a/table.csv"), "utf8").trim().split(/\r?\n/)).toHaveLength(1 + 9);
  expect(readFileSync(at("a/plot.svg"), "utf8").match(/<circle/g)).toHaveLength(9);
  expect(JSON.parse(readFileSync(at("a/results.json"), "utf8"))).toMatchObject({ comparison: { seeds: [0, 1, 2] }, summary: { finished: 9 } });
});

test("an arm that fails is told, tried again, and does not stop the others; other settings run anew", { timeout: 240_000 }, async () => {
  const broken = { name: "broken", config: { r: 2, lora_alpha: 4, train: { steps: 40, learning_rate: 10, weight_decay: 10, lr_scheduler_type: "constant" } } };
  const ended = await compare(write("b.json", { arms: [broken, arms[0]], seeds: [0] }), "--out", "b");
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/failed: run: At step \d+ the /);
  expect(ended.last).toMatchObject({ runs: 1, failed: 1, finished: 1, wanted: 2 });
  expect(run("b", "broken.seed-0.json").failed!.what).toMatch(/last finite state/);
  expect(readFileSync(at("b/table.md"), "utf8")).toMatch(/- broken, seed 0, failed: /);
  const mended = { ...broken, config: { r: 2, lora_alpha: 4, train: { learning_rate: 0.001 } } };
  const again = await compare(write("b.json", { arms: [mended, arms[0]], seeds: [0] }), "--out", "b", "--arm", "broken");
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).toContain("runs/broken.seed-0.json is of another configuration");
  expect(again.last).toMatchObject({ runs: 1, failed: 0, skipped: 0, finished: 2 });
});

test.each<[string, object, string[], RegExp]>([
  ["numbers that are not equal", { arms: [arms[0], { name: "large", config: { r: 3 } }] }, [], /c\.json, arm "large": trains 1,536 numbers .*"uniform" 1,024: more than 1 % apart/],
  ["an arm that does not fit the model", { arms: [arms[0], { name: "odd", config: { target_modules: ["z"] } }] }, [], /c\.json, arm "odd", target_modules: "z" is no module/],
  ["rows to test on that are not there", { test: "file:gone.jsonl" }, [], /c\.json, .*gone\.jsonl.*cannot be read/],
  ["no rows to compare on", { base: { ...base, data: { ...data, eval_share: 0 } } }, [], /c\.json, base, data\.eval_share: no rows are held out/],
  ["an unknown arm", {}, ["--arm", "odd"], /--arm: "odd" is no arm/],
  ["an unknown seed", {}, ["--seed", "7"], /--seed: 7 is none of the seeds/],
])("%s: exit 2, one line", { timeout: 60_000 }, async (_, change, more, message) => {
  const { code, stderr } = await compare(write("c.json", change), "--out", "c", ...more);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split(/\r?\n/)).toHaveLength(1);
  expect(code).toBe(2);
}); // prettier-ignore
