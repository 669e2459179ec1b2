// A configuration as a file: what the page saves and `train` reads goes in and out; a run's zip holds one; what is wrong is named, and rows are left alone.
import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { zipFolder } from "../../src/formats/zip.ts";
import { catalogue } from "../../src/session/catalogue.ts";
import { newRecord } from "../../src/session/records.ts";
import { zipRuns } from "../../src/session/run-zip.ts";
import { readSettings } from "../../src/session/settings.ts";
import { firstRun, parseConfig } from "../../src/train/config.ts";

const read = (content: string | Uint8Array<ArrayBuffer> | object, name = "mine.json") =>
  readSettings(new Blob([typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content)]), name);
const fault = async (...given: Parameters<typeof read>) => {
  const answer = await read(...given);
  if (!answer || !("problems" in answer)) throw new Error(`taken: ${JSON.stringify(answer)}`);
  const [{ where, what, hint }] = answer.problems;
  return `${where}: ${what}. ${hint}`;
};
const example = (name: string): string => readFileSync(new URL(`../../examples/${name}`, import.meta.url), "utf8");
const examples = readdirSync(new URL("../../examples", import.meta.url)).filter((name) => name.endsWith(".json"));

test.each(examples)("examples/%s", async (name) => {
  if (name.startsWith("compare-"))
    expect(await fault(example(name))).toBe("mine.json, configuration: is a comparison. The Compare page opens it, and the command compare.");
  else expect(await read(example(name))).toEqual({ config: parseConfig(JSON.parse(example(name))) });
});

test("what is saved opens as it was, also with a byte-order mark", async () => {
  const config = parseConfig({ r: 3, rank_pattern: { v_proj: 2 }, allocation: { when: "dynamic", budget: { modules: 3 } }, backend: "wasm" });
  expect(await read(`\ufeff${JSON.stringify(config, null, 2)}\n`)).toEqual({ config });
});

test("presets are the examples of their names", () => {
  const { presets } = catalogue();
  for (const { name, config } of presets) expect(config).toEqual(parseConfig(JSON.parse(example(`${name}.json`))));
  expect(new Set(presets.map(({ title }) => title)).size).toBe(presets.length);
});

test("a run's zip holds one; of several runs none is taken", async () => {
  const run = (r: number) => ({ record: newRecord(`${r}`, `run ${r}`, { ...firstRun, r }), events: [], states: {} });
  expect(await read(zipRuns([run(2)]), "run.zip")).toEqual({ config: { ...firstRun, r: 2 } });
  expect(await fault(zipRuns([run(2), run(3)]), "runs.zip")).toMatch(/^runs.zip: holds the settings of 2 runs. Import it on the Runs page/);
  expect(await read(zipFolder({ "config.json": '{"model_type":"llama","hidden_size":4}', "rows.csv": "a" }), "model.zip")).toBeNull();
  expect(await fault("no zip", "run.zip")).toMatch(/^run.zip: is not a zip/);
});

test.each([
  [{ r: 4, lerning_rate: 1 }, /^mine.json, lerning_rate: is not a field of a configuration. Known here: model, data/],
  [{ r: 4, train: { lr: 1 } }, /^mine.json, train.lr: is not a field of a configuration. Known here: steps/],
  [{ train: { steps: "many" } }, /^mine.json, train.steps: must be a whole number from 1 to \d+, it is "many"/],
  [{ method: "magic" }, /^mine.json, method: must be one of lora/],
  [{ r: 4, train: 7 }, /^mine.json, train: must be an object/],
  ['{ "r": 4, "train": { "steps": 10 }', /^mine.json: is not JSON \(.*\). Mend it there/],
])("%j is settings with a mistake", async (content, message) => expect(await fault(content)).toMatch(message));

test.each([
  '[{ "prompt": "a", "completion": "b" }]',
  '{ "prompt": "a", "completion": "b" }\n{ "prompt": "c", "completion": "d" }\n',
  '{ "text": "a", "label": "b", "model": "gpt" }',
  '{ "data": [{ "text": "a" }] }',
  '{ "r": 4, "model": {} }\n{ "r": 5, "model": {} }\n',
  '{ "peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": [], "bias": "none", "task_type": "CAUSAL_LM", "base_model_name_or_path": null }',
  "a,b\n1,2\n",
  "",
  "[".repeat(100_000),
  '{ "prompt": "a",',
])("%.60j is something else", async (content) => expect(await read(content)).toBeNull());
