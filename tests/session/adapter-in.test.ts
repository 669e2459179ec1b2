// An adapter that is given to the page's session: tried, and trained further, as a folder or out of a run's zip; with the shortcuts of its run.

import { unzipSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { writeShortcuts } from "../../src/formats/shortcuts.ts";
import type { AskOptions, GivenFile, RunConfig, TrainEvent } from "../../src/protocol.ts";
import { tinyRun, tinyStudio } from "../harness/tiny-studio.ts";

const session = tinyStudio();
const config = (more: object = {}): RunConfig => tinyRun({ rank_pattern: { "layers.1.self_attn.q_proj": 3 }, ...more });
const asked: AskOptions = { prompt: "1 and 1 is", maxNewTokens: 6, temperature: 0, topP: 1, seed: 0 };
const told = async (work: (onEvents: (events: TrainEvent[]) => void) => Promise<void>): Promise<TrainEvent[]> => {
  const events: TrainEvent[] = [];
  await work((some) => void events.push(...some));
  return events;
};
const file = (name: string, bytes: Uint8Array | string): GivenFile => ({ name, bytes: new Blob([bytes as BlobPart]) });
/** What the form says is something else; the adapter's ranks count. */
const other = config({ r: 7, target_modules: ["o_proj"], rank_pattern: {} });

test("an adapter is tried and trained further, from its folder or the zip of its run", { timeout: 120_000 }, async () => {
  const first = await told((on) => session.train(config(), on));
  const evaluations = first.flatMap((e) => (e.type === "evaluation" ? [e.loss] : []));
  const truth = await session.ask(asked);
  const zip = await session.export();
  if ("problems" in zip) throw new Error(JSON.stringify(zip));
  const files = unzipSync(zip.bytes);
  const folder = ["adapter_config.json", "adapter_model.safetensors"].map((name) => file(`somewhere/${name}`, files[`adapter/${name}`]));

  for (const given of [folder, [file("run.zip", zip.bytes)]]) {
    const events = await told((on) => session.takeAdapter(other, given, "try", on));
    expect(events.at(-1)).toMatchObject({ type: "state", state: "stopped", step: 0 });
    const plan = events.find((e) => e.type === "plan")!;
    expect(plan.sites.flatMap((s) => (s.r ? [[s.module, s.r, s.alpha]] : []))).toEqual([["q_proj", 2, 4], ["v_proj", 2, 4], ["q_proj", 3, 4], ["v_proj", 2, 4]]); // prettier-ignore
    expect(await session.ask(asked)).toEqual(truth);
  }

  const further = await told((on) => session.takeAdapter(other, folder, "train", on));
  expect(further.at(-1)).toMatchObject({ type: "state", state: "finished", step: 12 });
  const losses = (events: TrainEvent[]): number[] => events.flatMap((e) => (e.type === "step" ? [e.loss] : []));
  expect(losses(further)[0]).toBeLessThan(losses(first)[0]);
  const after = further.flatMap((e) => (e.type === "evaluation" ? [e.loss] : []));
  expect(after[0]).toBeCloseTo(evaluations[0], 6); // the base is the base
  const { runs } = await session.runs();
  expect(runs[0].config).toMatchObject({ r: 3, rank_pattern: { "model.layers.0.self_attn.q_proj": 2 } });
});

const cuts = (more: object): object => ({ proxy: "constant", budget: { share: 0.7 }, shortcuts: "combined", shortcut_r: 2, ...more });

test.each([
  ["modules and plain shortcuts", cuts({})],
  ["shortcuts alone, with their norms", cuts({ budget: { share: 1 }, excluded: ["q_proj", "v_proj"], shortcut_form: "norm" })],
  ["no shortcut left, only the norms", cuts({ excluded: ["residual_1", "residual_2", "shortcut_sa", "shortcut_ffn"], shortcut_form: "norm" })],
])("with the shortcuts of its run: %s", { timeout: 120_000 }, async (_, allocation) => {
  const train = { steps: 12, batch_size: 2, eval_every: 0, eval_rows: 4, samples_every: 0, warmup_steps: 0, learning_rate: 0.05 };
  const first = await told((on) => session.train(config({ allocation, train }), on));
  expect(first.at(-1)).toMatchObject({ state: "finished" });
  const ended = first.findLast((e) => e.type === "evaluation")!;
  const truth = await session.ask(asked);
  const zip = await session.export();
  if ("problems" in zip) throw new Error(JSON.stringify(zip));
  const weights = (bytes: Uint8Array): unknown => Object.entries(unzipSync(bytes)).filter(([path]) => path.endsWith(".safetensors") && path.startsWith("shortcuts")); // prettier-ignore

  // The form may say anything: also what has just been trained, as it does after a run.
  const events = await told((on) => session.takeAdapter(config({ allocation }), [file("run.zip", zip.bytes)], "try", on));
  expect(events.at(-1)).toMatchObject({ state: "stopped" });
  expect(await session.ask(asked)).toEqual(truth);
  const again = await session.export();
  if ("problems" in again) throw new Error(JSON.stringify(again));
  expect(weights(again.bytes)).toEqual(weights(zip.bytes));

  // Loose files, from two folders; without a step to speak of it evaluates as its run did.
  const loose = Object.entries(unzipSync(zip.bytes)).map(([path, bytes]) => file(path, bytes));
  const still = { ...train, steps: 1, learning_rate: 0 };
  const further = await told((on) => session.takeAdapter(config({ r: 7, target_modules: ["o_proj"], rank_pattern: {}, train: still }), loose, "train", on));
  expect(further.at(-1)).toMatchObject({ state: "finished" });
  expect(further.findLast((e) => e.type === "evaluation")!.loss).toBeCloseTo(ended.loss, 6);
  expect(further.find((e) => e.type === "evaluation")!.loss).not.toBeCloseTo(ended.loss, 3);

  // It goes on with more steps from its own state.
  const { runs } = await session.runs();
  const on = await told((tell) => session.continueRun(runs[0].id, { steps: 2 }, tell));
  expect(on.at(-1)).toMatchObject({ state: "finished", step: 2 });
  expect(on.findLast((e) => e.type === "evaluation")!.loss).toBeCloseTo(ended.loss, 6);
});

test.each([
  ["a file missing", (files: Record<string, Uint8Array>) => delete files["shortcuts.safetensors"], /folder of a run: has no shortcuts\.safetensors/],
  [
    "its adapter missing",
    (files: Record<string, Uint8Array>) => ["config.json", "model.safetensors"].forEach((name) => delete files[`adapter/adapter_${name}`]),
    /adapter folder: has no adapter_config\.json/,
  ],
  [
    "shapes of another model",
    (files: Record<string, Uint8Array>) => Object.assign(files, foreign()),
    /"model\.layers\.0\.residual_1" is 64 × 64 in this model/,
  ],
  [
    "two of a kind",
    (files: Record<string, Uint8Array>) => (files["other/shortcuts.json"] = files["shortcuts.json"]),
    /run\.zip: holds shortcuts\.json more than once/,
  ],
])("shortcuts that cannot be read are refused, not left out: %s", { timeout: 60_000 }, async (_, change, message) => {
  const allocation = cuts({ budget: { share: 1 } });
  await told((on) => session.train(config({ allocation }), on));
  const zip = await session.export();
  if ("problems" in zip) throw new Error(JSON.stringify(zip));
  const files = unzipSync(zip.bytes);
  change(files);
  const last = (await told((on) => session.takeAdapter(config(), [file("run.zip", zipSync(files))], "try", on))).at(-1)!;
  expect(last).toMatchObject({ type: "state", state: "failed" });
  expect((last as { detail: string }).detail).toMatch(message);
});

/** Shortcuts of a narrower model. */
const foreign = (): Record<string, Uint8Array> => {
  const shortcut = { path: "model.layers.0.residual_1", r: 1, alpha: 1, in: 8, out: 8, A: new Float32Array(8), B: new Float32Array(8) };
  const files = writeShortcuts({ baseModel: "m", taskType: "CAUSAL_LM", modelType: "llama", form: "plain", shortcuts: [shortcut], adapter: true, saved: [] });
  return { ...files, "shortcuts.json": new TextEncoder().encode(files["shortcuts.json"]) };
};

test.each([
  [config({ method: "full", target_modules: ["all"] }), "lora", /method: is full/],
  [config({ allocation: { proxy: "constant", budget: { share: 0.5 } } }), "lora", /allocation: decides about ranks/],
  [config(), "nothing", /adapter folder: has no adapter_config\.json/],
  [config(), "zip", /x\.zip: is not a zip/],
])("what does not fit is the run's last event: %#", { timeout: 60_000 }, async (json, what, message) => {
  const zip = await session.export();
  if ("problems" in zip) throw new Error(JSON.stringify(zip));
  const given = { lora: [file("run.zip", zip.bytes)], nothing: [], zip: [file("x.zip", "no")] }[what]!;
  const last = (await told((on) => session.takeAdapter(json, given, "train", on))).at(-1)!;
  expect(last).toMatchObject({ type: "state", state: "failed" });
  expect((last as { detail: string }).detail).toMatch(message);
});
