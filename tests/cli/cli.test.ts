// cli.test.ts — the commands themselves, as child processes on a tiny model: what they write, print and exit with.
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../scripts/install.mjs";
import { bytesSource, openSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { diskFile, diskFolder } from "../../src/session/disk.ts";
import { load, loadData, loadModel } from "../../src/session/load.ts";
import { parseConfig } from "../../src/train/config.ts";
import { parameterCounts } from "../../src/train/subject.ts";
import { webgpuMissing } from "../harness/webgpu.ts";
import { CASES, type Ended, cli, makeModel, rows, tinyConfig } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-cli-"));
const at = (name: string): string => join(folder, name);
const write = (name: string, value: unknown): string => (writeFileSync(at(name), typeof value === "string" ? value : JSON.stringify(value)), name);
const open = (path: string) => openSafetensors(new Map([["model.safetensors", bytesSource(readFileSync(path))]]));
const run = (...args: string[]): Promise<Ended> => cli(args, { cwd: folder });

beforeAll(() => {
  makeModel(at("model"));
  write("rows.jsonl", [rows[0], "{", ...rows.slice(1), '{"question": 1}', ""].join("\n"));
  write("run.json", tinyConfig);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const trained: Partial<Record<string, Ended>> = {};

describe.each(["reference", "wasm", "webgpu"])("%s", (backend) => {
  const skip = backend === "webgpu" && webgpuMissing !== "";

  test.skipIf(skip)("train writes the run's folder and one JSON line; wrong rows are named", { timeout: 120_000 }, async () => {
    const ended = (trained[backend] = await run("train", "run.json", "--out", backend, "--backend", backend));
    expect(ended.stderr).toContain("file:rows.jsonl, line 2: is not JSON");
    expect(ended.stderr).toContain("file:rows.jsonl, line 18: has no prompt and completion, messages, or text (it has: question)");
    expect(ended.code).toBe(0);
    expect(ended.stdout.trim().split("\n")).toHaveLength(1);
    expect(Object.keys(ended.last)).toEqual("steps loss eval_loss base_eval_loss metric base_metric trainable seconds tokens_per_second backend".split(" "));
    expect(ended.last).toMatchObject({ steps: 3, backend, trainable: 2 * (2 * (64 + 64) + 2 * (64 + 32) + 3 * (172 + 64)) });
    expect(ended.last.eval_loss).not.toBe(ended.last.base_eval_loss);
    expect(ended.last.tokens_per_second).toBeGreaterThan(0);

    expect(readdirSync(at(backend)).sort()).toEqual([
      "README.md",
      "adapter",
      "checkpoints",
      "config.json",
      "events.jsonl",
      "metrics.csv",
      "ranks.csv",
      "run.json",
    ]);
    const events = readFileSync(at(`${backend}/events.jsonl`), "utf8").trim().split("\n").map((line) => JSON.parse(line)); // prettier-ignore
    expect(events.filter((e) => e.type === "step").map((e) => e.step)).toEqual([1, 2, 3]);
    expect(events.at(-1)).toMatchObject({ type: "state", state: "finished", step: 3 });
    expect(JSON.parse(readFileSync(at(`${backend}/config.json`), "utf8"))).toEqual({ ...parseConfig(tinyConfig), backend });

    const again = await run("train", "run.json", "--out", backend, "--backend", backend);
    expect(again).toMatchObject({ code: 2, stdout: "", stderr: `--out ${backend}: is not empty. Name a new folder, or add --overwrite\n` });
  });

  test.skipIf(skip)("evaluate repeats the run's figures, with the adapter and without, and writes logits", { timeout: 120_000 }, async () => {
    const [tuned, base] = await Promise.all([
      run("evaluate", `${backend}/config.json`, "--adapter", `${backend}/adapter`, "--write", `${backend}.safetensors`),
      run("evaluate", `${backend}/config.json`),
    ]);
    const { last } = trained[backend]!;
    expect(tuned).toMatchObject({ code: 0, last: { metric: last.metric, rows: 4, backend } });
    expect(tuned.last.loss).toBeCloseTo(last.eval_loss, 5);
    expect(base.last.loss).toBeCloseTo(last.base_eval_loss, 5);
    const values = await open(at(`${backend}.safetensors`));
    const tensors = Object.fromEntries(values.names().map((name) => [name, [values.dtype(name), ...values.shape(name)]]));
    const T = values.shape("input_ids")[1];
    expect(tensors).toEqual({ input_ids: ["I32", 2, T], attention_mask: ["I32", 2, T], logits: ["F32", 2, T, 307] });
  });

  test.skipIf(skip)("generate prints the text, then JSON", { timeout: 60_000 }, async () => {
    const args = ["--model", "file:model", "--prompt", "1 and 1 is", "--max-new-tokens", "5", "--backend", backend];
    const { code, stdout, last } = await run("generate", ...args, "--adapter", `${backend}/adapter`);
    expect(code).toBe(0);
    expect(last).toMatchObject({ backend });
    expect(last.tokens).toBeLessThanOrEqual(5);
    expect(stdout).toBe(`${last.text}\n${JSON.stringify(last)}\n`);
    const sampled = await Promise.all(["1", "1", "2"].map((seed) => run("generate", ...args, "--temperature", "3", "--seed", seed)));
    expect(sampled[0].last.text).toBe(sampled[1].last.text);
    expect(sampled[2].last.text).not.toBe(sampled[0].last.text);
  });

  test.skipIf(skip)("an interrupted run ends cleanly and still writes", { timeout: 120_000 }, async () => {
    write("long.json", { ...tinyConfig, train: { ...tinyConfig.train, steps: 100_000 } });
    const ended = await cli(["train", "long.json", "--out", `${backend}-long`, "--backend", backend], {
      cwd: folder,
      onText: (text, interrupt) => {
        if (text.includes("step 1/100000") && !text.includes("stopping")) interrupt();
      },
    });
    expect(ended.code).toBe(0);
    expect(ended.stderr).toMatch(/stopping …\nstopped after step \d+\n/);
    expect(ended.last.steps).toBeGreaterThan(0);
    expect(ended.last.steps).toBeLessThan(100_000);
    expect(existsSync(at(`${backend}-long/adapter/adapter_model.safetensors`))).toBe(true);
  });
});

describe.skipIf(webgpuMissing)("with a device", () => {
  test("both backends train the same run", async () => {
    for (const name of ["webgpu", "wasm"])
      for (const key of ["loss", "eval_loss", "base_eval_loss"]) expect(trained[name]!.last[key]).toBeCloseTo(trained.reference!.last[key], 3);
  });

  test("a loss that is not finite: exit 1, and the last finite state is written", { timeout: 120_000 }, async () => {
    // after one step, gate · up is beyond f32
    const alphas = { gate_proj: 1e18, up_proj: 1e18 };
    const wild = { ...tinyConfig.train, steps: 30, eval_every: 1, learning_rate: 10, max_grad_norm: 0, lr_scheduler_type: "constant" };
    write("wild.json", { ...tinyConfig, rank_pattern: {}, alpha_pattern: alphas, target_modules: Object.keys(alphas), train: wild });
    const { code, last, stderr } = await run("train", "wild.json", "--out", "wild", "--overwrite");
    expect(stderr).toMatch(/At step \d+ the .* is .*Try a third of the learning rate/);
    expect(code).toBe(1);
    expect(last.steps).toBe(1);
    const adapter = await open(at("wild/adapter/adapter_model.safetensors"));
    for (const name of adapter.names()) expect((await adapter.read(name)).every(Number.isFinite)).toBe(true);
  });

  test("explain prints a line per dispatch and the slots", { timeout: 60_000 }, async () => {
    const { code, stdout, last } = await run("explain", "run.json", "--backend", "webgpu");
    expect(code).toBe(0);
    const lines = stdout.split("\n");
    const dispatches = Object.values(last.plans as Record<string, number>).reduce((a, b) => a + b, 0);
    expect(lines.filter((line) => /^ *\d+ \S.*\[\d+×\d+×\d+\] .* · \d+ bytes · /.test(line))).toHaveLength(dispatches);
    expect(lines.filter((line) => /^ {2}slot \d+: [\d,]+ bytes$/.test(line))).toHaveLength(last.slots.length);
    expect(last.dispatches).toBeGreaterThan(20);
    expect(last.pipelines).toBeGreaterThan(10);
    const { total, ...kinds } = last.memory as Record<string, number>;
    expect(Object.values(kinds).reduce((a, b) => a + b, 0)).toBe(total);
    expect(last.bytes).toBe(total);
  });

  test("parity: passes golden cases, fails a case with one value changed, stores what it computed", { timeout: 180_000 }, async () => {
    cpSync(join(CASES, "llama-lora"), at("changed"), { recursive: true });
    const expected = await open(join(CASES, "llama-lora/expected.safetensors"));
    const victim = "grad.base_model.model.model.layers.1.mlp.down_proj.lora_B.weight";
    const tensors = await Promise.all(expected.names().map(async (name) => ({ name, shape: expected.shape(name), data: await expected.read(name) })));
    const { data } = tensors.find(({ name }) => name === victim)!;
    const most = data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    data[7] += 1e-3 * most;
    writeFileSync(at("changed/expected.safetensors"), writeSafetensors(tensors));

    const { code, stdout, last } = await run("parity", join(CASES, "llama-lora"), "changed", "--write", "computed");
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^PASS llama-lora: .*grad \S+ ≤ 5\.0e-5/);
    expect(lines[1]).toMatch(/^FAIL changed: /);
    expect(lines[1]).toContain(`grad 1.0e-3 exceeds 5.0e-5 at ${victim}`);
    expect(code).toBe(1);
    expect(last).toMatchObject({ passed: 1, failed: 1, backend: expect.stringMatching(/^(webgpu|wasm)$/) });
    const computed = await open(at("computed/llama-lora.safetensors"));
    for (const name of expected.names()) expect(computed.shape(name), name).toEqual(expected.shape(name));
  });
});

test("parity: a case that cannot be run here counts as failed, with the reason", { timeout: 60_000 }, async () => {
  cpSync(join(CASES, "llama-lora"), at("unknown"), { recursive: true });
  write("unknown/config.json", { ...JSON.parse(readFileSync(at("unknown/config.json"), "utf8")), architectures: ["NobodysForCausalLM"] });
  mkdirSync(at("method"));
  write("method/case.json", { method: "x", optimizer: {} });
  write("method/initial.safetensors", "");
  mkdirSync(at("nothing"));
  const { code, stdout, last } = await run("parity", "unknown", "method", "nothing", "--backend", "reference");
  expect(code).toBe(1);
  expect(last).toMatchObject({ passed: 0, failed: 3 });
  const lines = stdout.split("\n");
  expect(lines[0]).toMatch(/^FAIL unknown: .*config\.json architectures: is \["NobodysForCausalLM"\]/);
  expect(lines[1]).toBe('FAIL method: cases of the method "x" are not supported yet');
  expect(lines[2]).toMatch(/^FAIL nothing: is no golden case: it has no case\.json, config\.json/);
});

test("inspect: a model and an adapter", { timeout: 60_000 }, async () => {
  const model = await run("inspect", "model");
  expect(model).toMatchObject({ code: 0, last: { architecture: "llama", layers: 2, vocab_size: 307, sites: 14, tokenizer: { bos: 1, eos: 2, pad: 0 } } });
  expect(model.stdout).toContain("model.layers.1.mlp.down_proj 172 → 64");
  expect(model.stdout).toContain("model.embed_tokens.weight (307, 64) F32");
  const adapter = await run("inspect", join(CASES, "llama-lora-rank-pattern/adapter"));
  const { r, alpha, scale } = Object.values(adapter.last.modules as Record<string, { r: number; alpha: number; scale: number }>)[0];
  expect(scale).toBeCloseTo(alpha / r, 12);
  expect(adapter.stdout).toContain(` r ${r} alpha ${alpha} scale `);
});

test("through npm, paths are taken from where the person stands", { timeout: 60_000 }, async () => {
  const { stdout } = await promisify(execFile)("npm", ["run", "-s", "cli", "--", "inspect", "llama-lora/adapter"], { cwd: CASES });
  expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toHaveProperty("modules");
});

describe("examples", async () => {
  const context = {
    bundled: (name: string) => diskFolder(join(root, "public/models", name)),
    disk: diskFolder,
    dataFile: (path: string) => diskFile(join(root, "examples", path)),
  };
  const model = await loadModel("bundled:tales-3m", context);
  const configs = readdirSync(join(root, "examples"))
    .filter((name) => name.endsWith(".json") && !name.startsWith("compare-")) // those have a test of their own
    .map((name) => [name, parseConfig(JSON.parse(readFileSync(join(root, "examples", name), "utf8")))] as const);
  const [bundled, fromHub] = [configs.filter(([, c]) => c.model.source.startsWith("bundled:")), configs.filter(([, c]) => c.model.source.startsWith("hub:"))];
  test("none is left out", () => expect(bundled.length + fromHub.length).toBe(configs.length));
  test.each(fromHub)("%s has rows for its task", async (_, config) => {
    const data = await loadData(config, context, { ...model, base: { ...model.base, config: { ...model.base.config, maxPositions: 512 } } });
    expect(data.heldOut.length).toBeGreaterThan(0);
  });
  test.each(bundled)("%s can be trained", async (_, config) => {
    const { data, target } = await load(config, context, model);
    expect(data.wrongTotal).toBe(0);
    expect(data.heldOut.length).toBeGreaterThan(0);
    expect(parameterCounts(target).trainable).toBeGreaterThan(0);
    for (const pattern of Object.keys(config.rank_pattern)) expect([...target.ranks.values()].map(({ r }) => r)).toContain(config.rank_pattern[pattern]);
  });
});
