// An adapter that is given to the page's session: tried, and trained further, as a folder or out of a run's zip.

import { unzipSync } from "fflate";
import { expect, test } from "vitest";
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

test.each([
  [config({ method: "full", target_modules: ["all"] }), "lora", /method: is full/],
  [config({ allocation: { proxy: "constant", budget: { share: 0.5 } } }), "lora", /allocation: decides about ranks/],
  [config(), "nothing", /adapter folder: has no adapter_config\.json/],
  [config(), "zip", /x\.zip: is not a zip/],
])("what does not fit is the run's last event: %#", { timeout: 60_000 }, async (json, what, message) => {
  const zip = await session.export();
  if ("problems" in zip) throw new Error(JSON.stringify(zip));
  const given = { lora: [file("run.zip", zip.bytes)], nothing: [], zip: [file("x.zip", "no")] }[what]!;
  const last = (await told((on) => session.takeAdapter(json, given, "try", on))).at(-1)!;
  expect(last).toMatchObject({ type: "state", state: "failed" });
  expect((last as { detail: string }).detail).toMatch(message);
});
