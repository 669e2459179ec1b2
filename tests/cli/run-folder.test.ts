// run-folder.test.ts — the folder that train writes: a new run in it is alone there, and finds its files from anywhere.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newFolder, oldFolder } from "../../src/cli/run-folder.ts";
import { parseConfig } from "../../src/train/config.ts";
import { type Ended, cli, makeModel, rows, tinyConfig } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-folder-"));
const at = (...path: string[]): string => join(folder, ...path);
const run = (...args: string[]): Promise<Ended> => cli([...args, "--backend", "reference"], { cwd: folder });
const write = (name: string, change: object): string => (writeFileSync(at(name), JSON.stringify({ ...tinyConfig, ...change })), name);
const files = (name: string): string[] => readdirSync(at(name), { recursive: true, withFileTypes: true }).flatMap((e) => (e.isFile() ? e.name : [])).sort(); // prettier-ignore
const allocation = { when: "dynamic", batches: 1, realloc_N: 1, budget: { share: 1 }, shortcuts: "combined", shortcut_r: 2 };

beforeAll(() => {
  makeModel(at("model"));
  writeFileSync(at("rows.jsonl"), rows.join("\n"));
  writeFileSync(at("others.jsonl"), rows.slice(0, 4).join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["shortcuts", { allocation }],
  ["full", { method: "full", target_modules: ["all"], rank_pattern: {} }],
])("nothing of an earlier run stays: %s", { timeout: 120_000 }, async (name, change) => {
  const ended = await run("train", write(`${name}.json`, change), "--out", name);
  expect(ended.code, ended.stderr).toBe(0);
  expect(existsSync(at(name, name === "full" ? "model" : "shortcuts.safetensors"))).toBe(true);
  writeFileSync(at(name, "checkpoints/mine.txt"), "mine");
  const config = parseConfig(tinyConfig);
  const keeper = await newFolder(at(name), config, () => {});
  expect(files(name)).toEqual([".held", "config.json", "mine.txt", "run.json"]);
  expect(JSON.parse(readFileSync(at(name, "config.json"), "utf8"))).toEqual(config);
  await keeper.close();
  await expect(oldFolder(at(name), (c) => c, () => {})).rejects.toThrow(/has no checkpoint/); // prettier-ignore
});

test("what the run needs itself is not overwritten; a folder without a run loses nothing", { timeout: 120_000 }, async () => {
  makeModel(at("own/model"));
  mkdirSync(at("own/checkpoints"));
  writeFileSync(at("own/checkpoints/last.safetensors"), "mine");
  const config = write("own.json", { model: { source: "file:own/model" } });
  const train = ["train", config, "--out", "own", "--overwrite"];
  const first = await newFolder(at("own"), parseConfig(JSON.parse(readFileSync(at(config), "utf8"))), () => {});
  expect(readFileSync(at("own/checkpoints/last.safetensors"), "utf8")).toBe("mine");
  await first.close();
  const refused = await run(...train);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/--out own: would overwrite file:.*own\/model, which the run needs/) as string });
  expect(existsSync(at("own/model/model.safetensors"))).toBe(true);
});

test("from another directory it goes on with the rows it has, those it is evaluated on too", { timeout: 120_000 }, async () => {
  const data = { source: "file:rows.jsonl", max_length: 32, eval_source: "file:others.jsonl" };
  expect((await run("train", write("moved.json", { data }), "--out", "moved")).code).toBe(0);
  const on = await cli(["train", "--resume", at("moved"), "--steps", "4", "--backend", "reference"], { cwd: tmpdir() });
  expect(on.code, on.stderr).toBe(0);
  expect(on.last.steps).toBe(4);
});
