// A run between two steps: its merged model as a zip, cancelled too; and questions at another strength, which what trains does not notice.

import { unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { makeBatch } from "../../src/data/batch.ts";
import { bytesSource, openSafetensors } from "../../src/formats/safetensors.ts";
import type { AskOptions, TrainEvent } from "../../src/protocol.ts";
import type { StudioSession } from "../../src/session/studio.ts";
import { readLogits, writeBatch } from "../../src/train/evaluate.ts";
import type { Run } from "../../src/train/run.ts";
import { targetOf, targetOfBase } from "../../src/train/subject.ts";
import { backends } from "../harness/backends.ts";
import { relativeError } from "../harness/run.ts";
import { tinyContext } from "../harness/tiny-folder.ts";
import { tinyRun, tinyStudio } from "../harness/tiny-studio.ts";
import { examples, fillAdapter, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";

const asked: AskOptions = { prompt: "1 and 1 is", maxNewTokens: 6, temperature: 0, topP: 1, seed: 0 };
const train = async (session: StudioSession, json = tinyRun(), on: (e: TrainEvent) => void = () => {}): Promise<TrainEvent[]> => {
  const events: TrainEvent[] = [];
  await session.train(json, (some) => some.forEach((e) => (events.push(e), on(e))));
  return events;
};
const adapter = async (session: StudioSession): Promise<Uint8Array> => {
  const zip = await session.export();
  if ("problems" in zip) throw new Error(JSON.stringify(zip));
  return unzipSync(zip.bytes)["adapter/adapter_model.safetensors"];
};

test("the merged model is a zip of a folder that opens; cancelled it is nothing; with shortcuts it is refused in words", { timeout: 120_000 }, async () => {
  const session = tinyStudio();
  expect(await session.exportMerged(() => {})).toMatchObject({ problems: [{ what: "there is no run to export" }] });
  await train(session);
  const seen: number[] = [];
  const zip = await session.exportMerged((done, total) => seen.push(done / total));
  if (!zip || "problems" in zip) throw new Error(JSON.stringify(zip));
  expect(zip.name).toBe("model-merged.zip");
  expect(seen.at(-1)).toBe(1);
  const files = unzipSync(zip.bytes);
  expect(Object.keys(files).sort()).toEqual(["README.md", "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]);
  const weights = await openSafetensors(new Map([["model.safetensors", bytesSource(files["model.safetensors"])]]));
  const base = await openSafetensors(new Map([["model.safetensors", (await (await tinyContext.disk!("model"))!.open("model.safetensors"))!]]));
  const moved = [];
  for (const name of weights.names()) if (relativeError(await weights.read(name), await base.read(name)) > 0) moved.push(name);
  expect(moved.map((name) => name.split(".").at(-2)).sort()).toEqual(["q_proj", "q_proj", "v_proj", "v_proj"]);

  expect(await session.exportMerged(() => void session.cancelMerged())).toBeNull();
  await train(session, tinyRun({ allocation: { proxy: "constant", budget: { share: 1 }, shortcuts: "combined", shortcut_r: 2 } }));
  expect(await session.exportMerged(() => {})).toMatchObject({ problems: [{ what: expect.stringContaining("cannot hold the run's 7 shortcuts") }] });
});

test("questions at a strength: 0 is the base, 1 as trained; a run that was asked ends bit-equal", { timeout: 120_000 }, async () => {
  const quiet = tinyStudio();
  const losses = (events: TrainEvent[]): number[] => events.flatMap((e) => (e.type === "step" ? [e.loss] : []));
  const alone = losses(await train(quiet));
  const session = tinyStudio();
  const said: Promise<unknown>[] = [];
  const heard = losses(
    await train(session, tinyRun(), (e) => {
      if (e.type === "step") for (const strength of [0, 0.5, 1.5]) said.push(session.ask({ ...asked, strength }));
    }),
  );
  await Promise.all(said);
  expect(said.length).toBeGreaterThan(0);
  expect(heard).toEqual(alone);
  expect(await adapter(session)).toEqual(await adapter(quiet));

  const trained = await session.ask(asked);
  const at0 = await session.ask({ ...asked, strength: 0 });
  if ("problems" in trained || "problems" in at0) throw new Error("no answer");
  expect(at0.tuned).toBe(at0.base);
  expect(trained.tuned).not.toBe(trained.base);
  expect(await session.ask({ ...asked, strength: 1 })).toEqual(trained);
  expect(await session.ask({ ...asked, strength: 2 })).toMatchObject({ problems: [{ where: "strength", hint: expect.stringContaining("1.5") }] });
});

describe("strength on logits", () => {
  const rows = examples(2, 61);
  const batch = makeBatch(rows);
  const logits = async (run: Run): Promise<Float32Array> => (writeBatch(run, batch), readLogits(run, batch.B, batch.T));

  test("half the strength is half of alpha", async () => {
    const tiny = await tinyModel();
    const backend = (await backends.reference())!;
    const json = runConfig({ r: 4, lora_alpha: 8, target_modules: ["q_proj", "up_proj"] });
    const run = await runOf(backend, tiny, json);
    await fillAdapter(run);
    const half = await runOf(backend, tiny, json, targetOf(tiny.base, { ...json, lora_alpha: 4 }));
    await fillAdapter(half);
    const full = await logits(run);
    const truth = await logits(half);
    const asHalf = await run.atStrength(null, 0.5, () => logits(run));
    expect(relativeError(asHalf, truth)).toBeLessThan(1e-12);
    expect(relativeError(asHalf, full)).toBeGreaterThan(0.01);
    const base = await runOf(backend, tiny, json, targetOfBase(tiny.base));
    expect(await run.atStrength(null, 0, () => logits(run))).toEqual(await logits(base));
    expect(await logits(run)).toEqual(full);
  });

  test("of full fine-tuning: so far on the way from the start", async () => {
    const tiny = await tinyModel();
    const run = await runOf((await backends.reference())!, tiny, runConfig({ method: "full", target_modules: ["all"] }));
    const start = await run.parameters.snapshot();
    const before = await logits(run);
    const name = run.parameters.segments.find((s) => s.name.endsWith("q_proj.weight"))!.name;
    const from = await run.parameters.read(name);
    run.parameters.write(name, from.map((x) => 3 * x)); // prettier-ignore
    const after = await logits(run);
    const half = await run.atStrength(start, 0.5, async () => (await run.parameters.read(name)).map((x, i) => x / from[i]));
    for (const ratio of half) expect(ratio).toBeCloseTo(2, 5);
    expect(await run.atStrength(start, 0, () => logits(run))).toEqual(before);
    expect(await logits(run)).toEqual(after);
  });
});
