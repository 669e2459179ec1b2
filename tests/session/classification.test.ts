// A classifier from the session's side: what it will be, its rows, a run, a question about a pair, the zip. And data that does not fit the task.

import { join } from "node:path";
import { unzipSync } from "fflate";
import { expect, test } from "vitest";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import type { RunConfig, TrainEvent } from "../../src/protocol.ts";
import { StudioSession } from "../../src/session/studio.ts";
import { diskFolder } from "../../src/session/disk.ts";
import { parseConfig } from "../../src/train/config.ts";

const models = join(import.meta.dirname, "../../public/models");
const mood = ["stance,words", ...Array.from({ length: 24 }, (_, i) => (i % 2 ? `glad,the dog was happy ${i}` : `sad,the cat was sad ${i}`))].join("\n");
const files = new Map([
  ["mood.csv", new Blob([mood])],
  ["other.csv", new Blob(["stance,words\nglad,the bird was happy\nsad,the bird was sad\nglad,\nglad,the fish was happy"])],
  ["pairs.csv", new Blob(["prompt,completion\nWho ran?,Tom.\nWho sat?,Ann."])],
  ["long.csv", new Blob([`prompt,completion\nWho ran?,Tom.\nWho?,${"Tom ".repeat(40)}`])],
  ["stranger.csv", new Blob(["stance,words\nangry,the bird was cross"])],
]);

const studio = new StudioSession({
  context: { bundled: (name) => diskFolder(join(models, name), `bundled:${name}`), dataFile: async (name) => files.get(name) ?? null },
  device: async () => ({ webgpu: false, adapter: "", software: false, limits: {}, features: [] }),
  backend: () => wasmBackend({ threads: 1 }),
  give: () => {},
});

const config = (data: Partial<RunConfig["data"]>, task: RunConfig["model"]["task"] = "classification"): RunConfig =>
  parseConfig({
    model: { task },
    data: { max_length: 32, ...data },
    r: 2,
    lora_alpha: 4,
    target_modules: ["q_proj"],
    train: { steps: 2, batch_size: 4, eval_every: 0, eval_rows: 4, samples_every: 0 },
    backend: "wasm",
  });

test("from preflight to the zip", { timeout: 240_000 }, async () => {
  const asked = config({ source: "file:mood.csv", columns: { text: "words", label: "stance" } });
  const preflight = await studio.preflight(asked);
  expect(preflight.problems).toEqual([]);
  // Six query matrices of rank 2, and a head of two classes.
  expect(preflight.trainable).toBe(preflight.sites.filter((s) => s.r).reduce((sum, s) => sum + 2 * (s.in + s.out), 0) + 2 * preflight.sites[0].in);
  const shown = await studio.preview(asked, 3);
  if ("problems" in shown) throw new Error(JSON.stringify(shown.problems));
  expect(shown).toMatchObject({ trainRows: 22, evalRows: 2, trainedShare: 0 });
  expect(new Set(shown.labels)).toEqual(new Set(["glad", "sad"]));

  const events: TrainEvent[] = [];
  await studio.train(asked, (some) => void events.push(...some));
  expect(events.at(-1)).toMatchObject({ type: "state", state: "finished", step: 2 });
  expect(events.filter((e) => e.type === "note").map((e) => e.text)).toEqual([expect.stringContaining("no classifier for 2 classes")]);
  const evaluations = events.filter((e) => e.type === "evaluation");
  expect(evaluations.map((e) => [e.step, e.rows, Object.keys(e.metrics!)])).toEqual([[0, 2, ["accuracy"]], [2, 2, ["accuracy"]]]); // prettier-ignore

  const answer = await studio.ask({ prompt: "the dog was happy\nthe dog was glad", maxNewTokens: 1, temperature: 0, topP: 1, seed: 0 });
  expect(answer).toEqual({ base: expect.stringMatching(/^(glad|sad) \(\d+ %\)$/), tuned: expect.stringMatching(/^(glad|sad) \(\d+ %\)$/) });

  const zip = await studio.export();
  if ("problems" in zip) throw new Error(JSON.stringify(zip.problems));
  const files = unzipSync(zip.bytes);
  const text = (name: string): string => new TextDecoder().decode(files[name]);
  expect(JSON.parse(text("adapter/adapter_config.json"))).toMatchObject({ task_type: "SEQ_CLS", modules_to_save: ["score"], target_modules: ["q_proj"] });
  expect(new TextDecoder().decode(files["adapter/adapter_model.safetensors"].subarray(0, 4000))).toContain('"base_model.model.score.weight"');
  expect(text("adapter/README.md")).toContain('id2label={0: "glad",1: "sad"}');
  expect(text("metrics.csv").split("\n")[0].trim()).toMatch(/eval_metric,eval_accuracy$/);
});

test("which rows are held out: by data.split_seed alone, or those of data.eval_source", async () => {
  const own = { source: "file:mood.csv", columns: { text: "words", label: "stance" }, eval_share: 0.25 };
  const heldOut = async (data: Partial<RunConfig["data"]>, seed = 0): Promise<string[]> => {
    const asked = config({ ...own, ...data });
    const all = await studio.preview({ ...asked, train: { ...asked.train, seed } }, 100);
    if ("problems" in all) throw new Error(JSON.stringify(all.problems));
    const trained = all.rows.map((row) => row.map((t) => t.text).join(""));
    expect(all.trainRows + all.evalRows).toBe(24);
    return mood.split("\n").slice(1).map((line) => line.split(",")[1]).filter((words) => !trained.some((row) => row.includes(words))); // prettier-ignore
  };
  const first = await heldOut({});
  expect(first).toHaveLength(6);
  expect(await heldOut({}, 7)).toEqual(first);
  expect(await heldOut({ split_seed: 7 })).not.toEqual(first);

  const shown = await studio.preview(config({ ...own, eval_source: "file:other.csv" }), 100);
  expect(shown).toMatchObject({ trainRows: 24, evalRows: 3, wrong: [{ line: 4, reason: "(evaluation data) words is empty" }], wrongTotal: 1 });
  expect(await studio.preview(config({ source: "bundled:paraphrase", eval_source: "bundled:paraphrase" }), 1)).toMatchObject({
    trainRows: 4000,
    evalRows: 400,
  });
  expect(await studio.preview(config({ source: "file:pairs.csv", eval_source: "file:long.csv" }, "causal-lm"), 1)).toMatchObject({
    trainRows: 2,
    evalRows: 1,
    wrong: [{ line: 3, reason: expect.stringMatching(/^\(evaluation data\) its completion has \d+ tokens, which do not fit/) }],
    wrongTotal: 1,
  });
});

test.each<[string, RunConfig, string, RegExp]>([
  ["a data set of the other task", config({ source: "bundled:tales-qa" }), "data.source", /"tales-qa" is for causal-lm, model.task is classification/],
  ["labels in a language model's run", config({ source: "bundled:paraphrase" }, "causal-lm"), "data.source", /"paraphrase" is for classification/],
  [
    "rows to evaluate on that are not there",
    config({ source: "file:mood.csv", columns: { text: "words", label: "stance" }, eval_source: "file:gone.csv" }),
    "data.eval_source",
    /there is no file "gone\.csv"/,
  ],
  [
    "rows to evaluate on of a class that training does not know",
    config({ source: "file:mood.csv", columns: { text: "words", label: "stance" }, eval_source: "file:stranger.csv" }),
    "data.eval_source",
    /^the row of line 2 has the label "angry"/,
  ],
  ["an unknown set", config({ source: "bundled:constructor" }), "data.source", /"constructor" is no bundled data set/],
  [
    "a column that is not there",
    config({ source: "file:mood.csv", columns: { text: "words", label: "mood" } }),
    "mood.csv",
    /has no column "mood" \(it has: stance, words\)/,
  ],
])("%s", async (_, asked, where, what) => {
  const shown = await studio.preview(asked, 1);
  expect(shown).toMatchObject({ problems: [{ where: expect.stringContaining(where), what: expect.stringMatching(what), level: "error" }] });
});
