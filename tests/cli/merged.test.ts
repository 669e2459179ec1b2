// merged.test.ts — export --format merged from the command line: the folder is a model like any other, and answers as base and adapter do together.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ended, cli, makeModel, rows, tinyConfig } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-merged-"));
const at = (name: string): string => join(folder, name);
const run = (...args: string[]): Promise<Ended> => cli(args, { cwd: folder });
const reference = ["--backend", "reference"];
const write = (name: string, change: object): string => (writeFileSync(at(name), JSON.stringify({ ...tinyConfig, ...change })), name);
const train = async (name: string, change: object): Promise<Ended> => run("train", write(`${name}.json`, change), "--out", name, ...reference);

beforeAll(() => {
  makeModel(at("model"));
  writeFileSync(at("rows.jsonl"), rows.join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a merged model evaluates as the adapter does, without it", { timeout: 120_000 }, async () => {
  const trained = await train("run", {});
  expect(trained.code, trained.stderr).toBe(0);
  const done = await run("export", "run", "--format", "merged", "--out", "merged", ...reference);
  expect(done.code, done.stderr).toBe(0);
  expect(done.last.files).toEqual(["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "README.md"]);
  expect(readFileSync(at("merged/README.md"), "utf8")).toContain("with a LoRA adapter merged into its weights");
  const again = await run("evaluate", write("merged.json", { model: { source: "file:merged" } }), ...reference);
  expect(Math.abs(again.last.loss / trained.last.eval_loss - 1)).toBeLessThan(1e-6);
  expect(Math.abs(trained.last.base_eval_loss / trained.last.eval_loss - 1)).toBeGreaterThan(1e-3);
});

test("what cannot be merged is refused before anything is written", { timeout: 240_000 }, async () => {
  await train("cuts", { allocation: { proxy: "constant", budget: { share: 1 }, shortcuts: "combined", shortcut_r: 2 } });
  const refused = await run("export", "cuts", "--format", "merged", "--out", "no");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/cuts: has 7 trained shortcuts, which belong to no weight of the model and cannot be merged/);
  await train("full", { method: "full", target_modules: ["all"] });
  const whole = await run("export", "full", "--format", "merged", "--out", "no");
  expect(whole.stderr).toMatch(/full: has no adapter to merge: its weights were trained themselves/);
  expect((await run("export", "model", "--format", "merged", "--out", "no")).stderr).toMatch(/model: is no folder of a run that has an adapter/);
  expect(existsSync(at("no"))).toBe(false);
});
