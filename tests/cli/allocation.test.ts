// allocation.test.ts — allocations from the command line: a dynamic run's folder, scores, and what is refused.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { correlation } from "../../src/statistics/rank-correlation.ts";
import { type Ended, cli, makeModel, rows, tinyConfig } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-allocation-"));
const at = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(at(name), "utf8");
const write = (name: string, allocation: object, change: object = {}): string => {
  writeFileSync(at(name), JSON.stringify({ ...tinyConfig, ...change, allocation }));
  return name;
};
const run = (...args: string[]): Promise<Ended> => cli([...args, "--backend", "reference"], { cwd: folder });

beforeAll(() => {
  makeModel(at("model"));
  writeFileSync(at("rows.jsonl"), rows.join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a dynamic run: events, tables, and an adapter of the modules that are on", { timeout: 120_000 }, async () => {
  const ended = await run("train", write("dynamic.json", { when: "dynamic", budget: { modules: 2 }, batches: 99, realloc_N: 0.2 }), "--out", "dynamic");
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).toContain("There are 6 calibration batches, not 99");
  expect(ended.stderr).toContain("grad-norm turned on 2 of 6 modules, 2 of 2 modules");
  const table = read("dynamic/allocation.csv").trim().split(/\r?\n/);
  expect(table[0]).toBe("step,layer,module,name,proxy,score,r");
  expect(table).toHaveLength(1 + 6 * 2); // at steps 0 and 2 of 3
  const on = read("dynamic/ranks.csv").trim().split(/\r?\n/).slice(1).filter((line) => Number(line.split(",")[3]) > 0); // prettier-ignore
  const names = on.map((line) => line.split(",")[2]);
  expect(names).toHaveLength(2);
  expect(table.filter((line) => line.startsWith("2,") && !line.endsWith(",0")).map((line) => line.split(",")[3])).toEqual(names);
  const { target_modules } = JSON.parse(read("dynamic/adapter/adapter_config.json")) as { target_modules: string[] };
  for (const name of names) expect(target_modules.some((t) => name.endsWith(t))).toBe(true);
  expect(target_modules.length).toBeLessThanOrEqual(2);
  expect(ended.last!.trainable).toBe(on.reduce((sum, line) => sum + Number(line.split(",")[5]), 0));
  const again = await run("evaluate", "dynamic.json", "--adapter", "dynamic/adapter");
  expect(Math.abs((again.last!.loss as number) / (ended.last!.eval_loss as number) - 1)).toBeLessThan(1e-5);
});

test("a static allocation of ranks is what is written", { timeout: 120_000 }, async () => {
  const allocation = { allocator: "proportional", budget: { share: 0.6 }, max_rank: 4, batches: 2 };
  const ended = await run("train", write("static.json", allocation), "--out", "static");
  expect(ended.code, ended.stderr).toBe(0);
  const ranks = read("static/ranks.csv").trim().split(/\r?\n/).slice(1).map((line) => line.split(",")); // prettier-ignore
  const spent = ranks.reduce((sum, line) => sum + Number(line[5]), 0);
  expect(ended.last!.trainable).toBe(spent);
  const event = read("static/events.jsonl").trim().split(/\r?\n/).map((line) => JSON.parse(line) as Record<string, unknown>).find((e) => e.type === "allocation")!; // prettier-ignore
  expect(event.spent).toBe(spent);
  expect(event.ranks).toEqual(ranks.map((line) => Number(line[3])));
  expect(spent).toBeLessThanOrEqual(event.budget as number);
});

test("score: every module, every proxy, their correlations, and what the budget buys", { timeout: 120_000 }, async () => {
  const ended = await run("score", write("score.json", { budget: { modules: 2 }, batches: 2 }), "--proxies", "grad-norm,snip,constant,jacob-cov");
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).toMatch(/snip: 2 passes, .* GFLOP, .* MiB/);
  expect(ended.stderr).toContain("snip: B is 0 at 6 of 6 modules, where this score vanishes: a random B");
  const { sites, scores, correlations, figures, ranks } = ended.last as unknown as { sites: string[]; scores: Record<string, number[]>; correlations: Record<string, Record<string, number | null>>; figures: Record<string, number>; ranks: number[] }; // prettier-ignore
  expect(sites).toHaveLength(6);
  expect(Object.keys(scores)).toEqual(["grad-norm", "snip", "constant"]);
  expect(correlations["grad-norm"]["grad-norm"]).toBeCloseTo(1, 12);
  expect(correlations["grad-norm"].snip).toBe(correlations.snip["grad-norm"]);
  expect(correlations.snip.constant).toBeNull();
  expect(Number.isFinite(figures["jacob-cov"])).toBe(true);
  const best = [...scores["grad-norm"]].sort((a, b) => b - a).slice(0, 2);
  expect(ranks.map((r) => r > 0)).toEqual(scores["grad-norm"].map((s) => best.includes(s)));
});

test.each([
  [["train", write("a.json", { budget: { parameters: 3 } }), "--out", "a"], /a\.json, allocation\.budget: .*pays for no module/],
  [["train", write("b.json", { locked: ["z_proj"] }), "--out", "b"], /b\.json, allocation\.locked: "z_proj" is no adapted module/],
  [["score", write("c.json", {}), "--proxies", "grad-norm,taste"], /proxies: "taste" is no score.*grad-norm/],
  [["score", write("d.json", {}), "--proxies", "snip,snip"], /--proxies: names one twice/],
  [["train", write("e.json", { proxy: "snip", shortcuts: "on" }), "--out", "e"], /e\.json, allocation\.shortcuts: must be one of off/],
])("%j exits 2 and says why in one line", { timeout: 60_000 }, async (args, message) => {
  const { code, stderr } = await run(...args);
  expect(stderr).toMatch(message);
  expect(stderr.trim().split(/\r?\n/)).toHaveLength(1);
  expect(code).toBe(2);
});

test("Spearman's correlation, ties share the mean of their ranks", () => {
  expect(correlation([1, 2, 3, 4], [10, 20, 30, 40])).toBeCloseTo(1, 12);
  expect(correlation([1, 2, 3, 4], [4, 3, 2, 1])).toBeCloseTo(-1, 12);
  expect(correlation([1, 2, 2, 3], [1, 2, 3, 4])).toBeCloseTo(0.9486832980505138, 12);
  expect(correlation([1, 1], [1, 2])).toBeNull();
});
