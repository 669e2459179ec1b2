// bad-input.test.ts — what a person can get wrong: one line on stderr that names the file and the field and says what to do, exit 2.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cli, makeModel, rows, tinyConfig } from "./cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-bad-"));
const at = (name: string): string => join(folder, name);
const change = (name: string, fn: (json: Record<string, unknown>) => void): void => {
  const json = JSON.parse(readFileSync(at(name), "utf8"));
  fn(json);
  writeFileSync(at(name), JSON.stringify(json));
};
const model = (name: string, fn: () => void): void => {
  cpSync(at("model"), at(name), { recursive: true });
  fn();
};

beforeAll(() => {
  makeModel(at("model"));
  writeFileSync(at("rows.jsonl"), rows.join("\n"));
  writeFileSync(at("empty.jsonl"), "\n\n");
  writeFileSync(at("broken.jsonl"), `\n{"prompt": "a"\n{"prompt": 1, "completion": "b"}\n`);
  writeFileSync(at("columns.jsonl"), `{"frage": "a", "antwort": "b"}\n`);
  writeFileSync(at("broken.json"), `{"r": 8,`);
  model("unknown", () => change("unknown/config.json", (c) => (c.architectures = ["NobodysForCausalLM"])));
  model("odd", () => change("odd/config.json", (c) => (c.num_key_value_heads = 3)));
  model("short", () => writeFileSync(at("short/model.safetensors"), readFileSync(at("model/model.safetensors")).subarray(0, 100_000)));
  model("wide", () => change("wide/config.json", (c) => (c.intermediate_size = 176)));
  model("small", () => change("small/config.json", (c) => (c.vocab_size = 50)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { data, train } = tinyConfig;
const configs: [string, Record<string, unknown>, ...(string | RegExp)[]][] = [
  ["unknown field", { train: { ...train, step: 3 } }, "x.json, train.step: is not a field of a configuration. Known here: steps, batch_size"],
  ["wrong type", { train: { ...train, steps: "many" } }, 'x.json, train.steps: must be a whole number from 1 to 10000000, it is "many". Optimizer steps.'],
  ["unknown method", { method: "magic" }, 'x.json, method: must be one of lora, full, it is "magic"'],
  ["rank 0", { r: 0 }, "x.json, r: must be a whole number from 1 to 1024, it is 0."],
  ["negative rank", { rank_pattern: { q_proj: -1 } }, "x.json, rank_pattern: must be an object of module → number above 0"],
  ["rank above the layer", { r: 65 }, /x\.json, r: model\.layers\.0\.\S+ is \d+ × 64: its rank must be a whole number from 1 to \d+, it is 65\. /],
  ["rank above one layer", { rank_pattern: { down_proj: 100 } }, "x.json, rank_pattern: model.layers.0.mlp.down_proj is 64 × 172"],
  ["max_length above the model", { data: { ...data, max_length: 200 } }, "data.max_length: is 200, the model reads at most 128 tokens. Set it to 128 or less."],
  ["no such module", { target_modules: ["query"] }, 'x.json, target_modules: "query" is no module of this model. Its modules: q_proj'],
  ["one module too many", { target_modules: ["q_proj", "query"] }, 'target_modules: "query" is no module of this model.'],
  ["no such data", { data: { ...data, source: "file:nowhere.jsonl" } }, "file:nowhere.jsonl: cannot be read (ENOENT", "Check the path"],
  ["no such bundled data", { data: { ...data, source: "bundled:x" } }, 'x.json, data.source: "x" is no bundled data set. Bundled: tales-qa'],
  ["empty data", { data: { ...data, source: "file:empty.jsonl" } }, "empty.jsonl: holds no rows. One object per line:"],
  ["broken rows", { data: { ...data, source: "file:broken.jsonl" } }, "broken.jsonl: none of its 2 rows can be used; the first, line 2: is not JSON"],
  ["missing columns", { data: { ...data, source: "file:columns.jsonl" } }, "line 1: has no prompt and completion, messages, or text (it has: frage, antwort)"],
  ["no such model", { model: { source: "file:nowhere" } }, 'x.json, model.source: there is no folder "nowhere". Check the path'],
  ["unknown architecture", { model: { source: "file:unknown" } }, 'file:unknown, config.json architectures: is ["NobodysForCausalLM"]', "Known: "],
  ["impossible heads", { model: { source: "file:odd" } }, "file:odd, config.json num_key_value_heads: 3 does not divide num_attention_heads 4"],
  ["truncated weights", { model: { source: "file:short" } }, /file:short, model\.safetensors.*: .*bytes.*\. /],
  ["weights of another shape", { model: { source: "file:wide" } }, /file:wide, model\.safetensors: "\S+" is \(.*\), config\.json asks for \(.*\)/],
  ["a tokenizer that is too large", { model: { source: "file:small" } }, "file:small, tokenizer.json: needs 99 embeddings, the model has 50 (vocab_size"],
];

/** One line, exit 2, nothing on stdout, no folder made. */
async function refused(args: string[], parts: readonly (string | RegExp)[]): Promise<void> {
  const { code, stdout, stderr } = await cli(args, { cwd: folder });
  expect(stderr.trim().split("\n"), stderr).toHaveLength(1);
  for (const part of parts) expect(stderr).toMatch(part instanceof RegExp ? part : new RegExp(part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  expect(stdout).toBe("");
  expect(code).toBe(2);
}

test.concurrent.each(configs)("%s", { timeout: 60_000 }, async (name, changes, ...parts) => {
  const file = `${name.replaceAll(" ", "-")}-x.json`;
  writeFileSync(at(file), JSON.stringify({ ...tinyConfig, ...changes }));
  await refused(["train", file, "--out", `out-${file}`, "--backend", "reference"], [file, ...parts]);
});

const commands: [string[], ...string[]][] = [
  [["train", "nowhere.json", "--out", "o"], "nowhere.json: cannot be read (ENOENT", "examples/first-run.json"],
  [["train", "broken.json", "--out", "o"], "broken.json, configuration: is not JSON ("],
  [["train", "rows.jsonl"], "--out: is missing. Write --out DIR"],
  [["train", "rows.jsonl", "--out", "o", "--fast"], "train: Unknown option '--fast'. See: cli train --help"],
  [["evaluate", "a.json", "b.json"], "evaluate: takes one CONFIG.json, it got 2."],
  [["generate", "--model", "file:model", "--prompt", "a", "--temperature", "hot"], '--temperature: must be a number from 0 to 100, it is "hot"'],
  [["generate", "--model", "file:model", "--prompt", "a", "--max-new-tokens", "128"], "--max-new-tokens: is 128, the model reads at most 128 tokens"],
  [["generate", "--model", "file:model", "--prompt", "a", "--backend", "tpu"], '--backend: "tpu" is no backend. Take webgpu, wasm or reference'],
  [["generate", "--model", "file:model", "--prompt", "a", "--adapter", "model", "--backend", "reference"], "model, adapter folder: has no adapter_config.json"],
  [["inspect", "nowhere"], 'model.source: "nowhere" is not a source.'],
  [["parity", "nowhere"], "nowhere: there is no such folder."],
  [["export", "a.json", "--format", "gguf", "--out", "x"], '--format: "gguf" is no format'],
  [["dance"], 'cli: "dance" is no command. There is train, compare, score, evaluate, generate, inspect, explain, export, parity'],
];
test.concurrent.each(commands)("%j", { timeout: 60_000 }, (args, ...parts) => refused(args, parts));
