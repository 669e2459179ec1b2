// Kept runs through the session: what is on the shelf while a run trains, going on after the session is gone, more steps, questions to a kept state,
// copies, deletion and its way back, a shelf that refuses, a run that another tab has.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import type { Backend } from "../../src/engine/backend.ts";
import type { KeptRun, RunConfig, TrainEvent } from "../../src/protocol.ts";
import { folderShelf } from "../../src/session/folder-shelf.ts";
import { type Shelf, memoryShelf } from "../../src/session/shelf.ts";
import { StudioSession } from "../../src/session/studio.ts";
import { parseConfig } from "../../src/train/config.ts";
import { tinyContext } from "../harness/tiny-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-kept-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const studio = (shelf: Shelf, backend: () => Promise<Backend> = () => wasmBackend({ threads: 1 })): StudioSession =>
  new StudioSession({
    context: tinyContext,
    device: async () => ({ webgpu: false, adapter: "", software: false, limits: {}, features: [] }),
    backend,
    give: () => {},
    shelf: async () => shelf,
  });

const config = (train: Partial<RunConfig["train"]> = {}, more: Partial<RunConfig> = {}): RunConfig =>
  parseConfig({
    model: { source: "file:model" },
    data: { source: "file:rows.jsonl", max_length: 32, eval_share: 0.25 },
    r: 2,
    lora_alpha: 4,
    lora_dropout: 0.1,
    target_modules: ["q_proj", "v_proj"],
    train: { steps: 40, batch_size: 2, eval_every: 8, eval_rows: 4, samples_every: 0, warmup_steps: 0, learning_rate: 0.01, checkpoint_seconds: 1, ...train },
    backend: "wasm",
    ...more,
  });

interface Told {
  events: TrainEvent[];
  id: string;
}
/** on: may pull the reins. */
async function trained(session: StudioSession, json: RunConfig, on: (e: TrainEvent) => void = () => {}): Promise<Told> {
  const events: TrainEvent[] = [];
  await session.train(json, (some) => some.forEach((e) => (events.push(e), on(e))));
  const run = events.find((e) => e.type === "run");
  if (!run) throw new Error(`it did not begin: ${JSON.stringify(events.at(-1))}`);
  return { events, id: run.id };
}
const goneOn = async (session: StudioSession, id: string, onward = {}): Promise<TrainEvent[]> => {
  const events: TrainEvent[] = [];
  await session.continueRun(id, onward, (some) => void events.push(...some));
  return events;
};
const only = async (session: StudioSession): Promise<KeptRun> => {
  const { runs } = await session.runs();
  expect(runs).toHaveLength(1);
  return runs[0];
};
const timeless = (events: readonly TrainEvent[]): object[] =>
  events.filter((e) => ["step", "evaluation", "sample", "allocation"].includes(e.type)).map((e) => ({ ...e, ms: 0, time: 0, milliseconds: 0 })); // prettier-ignore
const adapterOf = async (session: StudioSession): Promise<Uint8Array> => {
  const zip = await session.export();
  if (!zip || "problems" in zip) throw new Error(JSON.stringify(zip));
  const { unzipSync } = await import("fflate");
  return unzipSync(zip.bytes)["adapter/adapter_model.safetensors"];
};

test("a run is kept as it happens, and its record says how it went", { timeout: 60_000 }, async () => {
  const shelf = memoryShelf("here only");
  const session = studio(shelf);
  const { events, id } = await trained(session, config());
  expect(events[0]).toMatchObject({ type: "state", state: "loading" });
  const run = await only(session);
  expect(run).toMatchObject({ id, state: "finished", step: 40, backend: "wasm", holder: null, tags: [], last: { step: 40 } });
  expect(run.name).toMatch(/^\w+ \w+$/);
  expect(run.trainable).toBe(2 * (2 * (64 + 64) + 2 * (64 + 32)));
  expect(run.curve.length).toBeGreaterThan(20);
  expect(run.evaluated).toEqual({ loss: expect.any(Number), metric: expect.any(Number) });
  const best = events.filter((e) => e.type === "evaluation" && e.step > 0).reduce((a, b) => ((b as Evaluation).loss < (a as Evaluation).loss ? b : a)) as Evaluation; // prettier-ignore
  expect(run.best).toMatchObject({ step: best.step, loss: best.loss });
  const log = await session.runEvents(id);
  expect(log).toEqual(events.filter((e) => e.type !== "progress" && e.type !== "run").slice(1));
  expect(log.find((e) => e.type === "note")).toMatchObject({ text: expect.stringMatching(/here only.*gone with the page/) as string });
  expect((await session.runs()).fleeting).toBe("here only");
});
type Evaluation = Extract<TrainEvent, { type: "evaluation" }>;

test.each([1, 90, 200])("stopped at step %i, a new session goes on and ends as the one that never stopped", { timeout: 60_000 }, async (at) => {
  const long = config({ steps: 500, eval_every: 60 });
  const whole = studio(memoryShelf(null));
  const { id } = await trained(whole, long);
  const shelf = folderShelf(join(folder, `cut ${at}`));
  const first = studio(shelf);
  const cut = await trained(first, long, (e) => e.type === "step" && e.step === at && void first.stop());
  expect(cut.events.at(-1)).toMatchObject({ state: "stopped" });
  const second = studio(shelf);
  const run = await only(second);
  expect(run.last!.step).toBeGreaterThanOrEqual(at);
  expect(run.last!.step).toBeLessThan(500);
  expect(run.state).toBe("stopped");
  const events = await goneOn(second, run.id);
  expect(events[0]).toEqual({ type: "run", id: run.id, name: run.name });
  expect(events.at(-1)).toMatchObject({ state: "finished", step: 500 });
  expect(timeless(events)).toEqual(timeless(await whole.runEvents(id)));
  expect(timeless(await second.runEvents(run.id))).toEqual(timeless(events));
  expect(await adapterOf(second)).toEqual(await adapterOf(whole));
});

test("a session that is gone in the middle leaves its last state, whatever was written after it", { timeout: 60_000 }, async () => {
  const long = config({ steps: 700, eval_every: 50 });
  const whole = studio(memoryShelf(null));
  await trained(whole, long);
  const shelf = memoryShelf(null);
  let writes = 0;
  // The worker dies after three states: nothing more is written, but some events.
  const write: Shelf["write"] = async (id, which, bytes) => void (writes++ < 3 && (await shelf.write(id, which, bytes)));
  const dying: Shelf = { ...shelf, write: async (id, which, bytes) => (which === "best" ? undefined : write(id, which, bytes)) };
  const pausing = studio(dying);
  let steps = 0;
  await trained(pausing, long, (e) => {
    if (e.type !== "step" || ++steps % 80) return;
    void pausing.pause().then(() => setTimeout(() => void pausing.resume(), 20));
  });
  expect(writes).toBeGreaterThan(3);
  const [record] = (await shelf.records()) as KeptRun[];
  await shelf.change(record.id, { state: "running" });
  const second = studio(shelf);
  const events = await goneOn(second, record.id);
  expect(events.at(-1)).toMatchObject({ state: "finished", step: 700 });
  expect(events.filter((e) => e.type === "step").map((e) => e.step)).toEqual(Array.from({ length: 700 }, (_, i) => i + 1));
  expect(timeless(await second.runEvents(record.id))).toEqual(timeless(events));
  expect(await adapterOf(second)).toEqual(await adapterOf(whole));
});

test("a run that ended before its first state begins anew, under its name", { timeout: 60_000 }, async () => {
  const shelf = memoryShelf(null);
  const session = studio({ ...shelf, write: async () => {} });
  const { id, events } = await trained(session, config({ steps: 3 }));
  await shelf.change(id, { last: null, best: null });
  const again = await goneOn(session, id);
  expect(timeless(again)).toEqual(timeless(events));
});

test("more steps, and what is said of them; smaller batches; neither fewer steps nor other rows", { timeout: 60_000 }, async () => {
  const session = studio(memoryShelf(null));
  const { id } = await trained(session, config({ steps: 8 }));
  const longer = await goneOn(session, id, { steps: 12 });
  expect(longer.findLast((e) => e.type === "note")).toMatchObject({ step: 8, text: expect.stringMatching(/run of 12 steps instead of 8: the learning rate follows the schedule of the longer run/) as string }); // prettier-ignore
  expect(longer.filter((e) => e.type === "step").map((e) => e.step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  expect((await only(session)).config.train.steps).toBe(12);
  const smaller = await goneOn(session, id, { steps: 14, batch_size: 1, gradient_accumulation_steps: 2 });
  expect(smaller.at(-1)).toMatchObject({ state: "finished", step: 14 });
  expect(await goneOn(session, id, { steps: 3 }).then((e) => e.at(-1))).toMatchObject({ state: "failed", detail: expect.stringMatching(/train\.steps: is 3, the run is at step 14/) as string }); // prettier-ignore
  expect(await goneOn(session, id, { batch_size: 4, gradient_accumulation_steps: 1 }).then((e) => e.at(-1))).toMatchObject({ state: "failed" });
  // What was refused has left the run as it was.
  expect(await only(session)).toMatchObject({ state: "finished", step: 14, config: { train: { steps: 14, batch_size: 1 } } });
});

test("a kept state is asked and exported without training: the best and the last", { timeout: 60_000 }, async () => {
  const shelf = memoryShelf(null);
  // It learns twelve rows by heart: on others it is best before the end.
  const first = studio(shelf);
  const { id } = await trained(first, config({ steps: 300, learning_rate: 0.03, eval_every: 20 }, { lora_dropout: 0 }));
  const last = await adapterOf(first);
  const session = studio(shelf);
  const { best } = await only(session);
  expect(best!.step).toBeLessThan(300);
  const opened = async (which: "last" | "best"): Promise<TrainEvent[]> => {
    const events: TrainEvent[] = [];
    await session.openRun(id, which, (some) => void events.push(...some));
    return events;
  };
  expect((await opened("last")).at(-1)).toMatchObject({ type: "state", state: "finished", step: 300 });
  expect(await adapterOf(session)).toEqual(last);
  await opened("best");
  expect(await adapterOf(session)).not.toEqual(last);
  expect(await session.ask({ prompt: "1 and 1 is", maxNewTokens: 3, temperature: 0, topP: 1, seed: 0 })).toMatchObject({ base: expect.any(String) as string });
  expect((await only(session)).step).toBe(300);
});

test("full fine-tuning goes on too, and its base still answers as it did", { timeout: 60_000 }, async () => {
  const full = config({ steps: 10, eval_every: 0 }, { method: "full", target_modules: ["all"], lora_dropout: 0 });
  const shelf = memoryShelf(null);
  const session = studio(shelf);
  const ask = (s: StudioSession) => s.ask({ prompt: "1 and 1 is", maxNewTokens: 5, temperature: 0, topP: 1, seed: 0 });
  const { id } = await trained(session, full);
  const before = await ask(session);
  const second = studio(shelf);
  await goneOn(second, id, { steps: 12 });
  const after = await ask(second);
  expect("base" in after && "base" in before && after.base === before.base).toBe(true);
});

describe("the list", () => {
  test("rename, notes, tags, copy, delete and undo", { timeout: 60_000 }, async () => {
    const shelf = memoryShelf(null);
    const session = studio(shelf);
    const { id } = await trained(session, config({ steps: 4 }));
    expect(await session.changeRun(id, { name: "  the first ", notes: "went well", tags: ["a", " b ", "a", ""] })).toBeNull();
    expect(await only(session)).toMatchObject({ name: "the first", notes: "went well", tags: ["a", "b"] });
    const copy = await session.duplicateRun(id);
    if ("problems" in copy) throw new Error(copy.problems[0].what);
    expect(await session.duplicateRun(id)).toMatchObject({ id: expect.any(String) as string });
    const { runs } = await session.runs();
    expect(runs.map((run) => run.name).sort()).toEqual(["the first", "the first, copy", "the first, copy 2"]);
    expect(await session.runEvents(copy.id)).toEqual(await session.runEvents(id));
    await goneOn(session, copy.id, { steps: 6 });
    expect((await session.runs()).runs.find((run) => run.id === id)).toMatchObject({ step: 4, state: "finished" });

    expect(await session.deleteRun(id)).toBeNull();
    expect((await session.runs()).runs.find((run) => run.id === id)!.deleted).toBeGreaterThan(0);
    expect(await session.undeleteRun(id)).toBeNull();
    expect((await session.runs()).runs.find((run) => run.id === id)!.deleted).toBeUndefined();
    await session.deleteRun(id);
    await session.sweepRuns();
    expect((await session.runs()).runs).toHaveLength(2);
    expect(await session.undeleteRun(id)).toMatchObject({ problems: [{ what: expect.stringMatching(/not there any more/) as string }] });
  });

  test("a run that another tab has can be read, not changed and not gone on with", { timeout: 60_000 }, async () => {
    const shelf = memoryShelf(null);
    const session = studio(shelf);
    const { id } = await trained(session, config({ steps: 4 }));
    const release = (await shelf.hold(id))!;
    expect(await only(session)).toMatchObject({ holder: "elsewhere" });
    const busy = [await session.changeRun(id, { name: "x" }), await session.deleteRun(id)];
    for (const answer of busy)
      expect(answer).toMatchObject({ problems: [{ what: "is under way", hint: expect.stringMatching(/in the tab that has it/) as string }] });
    expect((await goneOn(session, id, { steps: 6 })).at(-1)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(/under way in another tab/) as string,
    });
    expect((await session.runEvents(id)).length).toBeGreaterThan(4);
    release();
    expect((await goneOn(session, id, { steps: 6 })).at(-1)).toMatchObject({ state: "finished", step: 6 });
  });

  test("this tab's run cannot be deleted while it trains; its name can be changed", { timeout: 60_000 }, async () => {
    const session = studio(memoryShelf(null));
    const answers: unknown[] = [];
    const { id } = await trained(session, config({ steps: 200 }), (e) => {
      if (e.type !== "evaluation" || e.step !== 16) return;
      void (async () => {
        const { id, holder } = await only(session);
        answers.push(holder, await session.deleteRun(id), await session.changeRun(id, { name: "mine" }));
        await session.stop();
      })();
    });
    expect(answers).toEqual(["here", { problems: [expect.objectContaining({ hint: "Stop it first." })] }, null]);
    expect(await only(session)).toMatchObject({ id, name: "mine", holder: null });
  });

  test("a record of a later version is shown and left alone, one of an older version is read", { timeout: 60_000 }, async () => {
    const shelf = memoryShelf(null);
    const session = studio(shelf);
    const { id } = await trained(session, config({ steps: 2 }));
    await shelf.change(id, { version: 9 as never });
    expect((await only(session)).problem).toMatch(/newer version/);
    expect((await goneOn(session, id)).at(-1)).toMatchObject({ state: "failed", detail: expect.stringMatching(/newer version/) as string });
    const { record } = { record: (await shelf.record(id)) as KeptRun };
    const old = { ...record, version: 1, notes: undefined, tags: undefined, curve: undefined, evaluated: undefined } as never as KeptRun;
    await shelf.put(old);
    expect(await only(session)).toMatchObject({ notes: "", tags: [], curve: [], evaluated: null });
    await shelf.put({ ...old, config: { ...old.config, colour: "red" } as never });
    expect((await only(session)).problem).toMatch(/settings are of another version.*colour/);
    expect((await session.runEvents(id)).length).toBeGreaterThan(2);
  });
});

test("a full disk does not end the run: it says so once, and keeps on when there is room", { timeout: 60_000 }, async () => {
  const shelf = memoryShelf(null);
  let calls = 0;
  const refusing = <A extends unknown[], R>(fn: (...a: A) => Promise<R>) => async (...a: A): Promise<R> => {
    if (++calls > 2 && calls < 7) throw Object.assign(new Error("no room"), { name: "QuotaExceededError" });
    return fn(...a);
  }; // prettier-ignore
  const session = studio({ ...shelf, write: refusing(shelf.write), append: refusing(shelf.append) });
  const { events, id } = await trained(session, config({ steps: 60, eval_every: 4 }));
  expect(events.at(-1)).toMatchObject({ state: "finished", step: 60 });
  const notes = events.filter((e) => e.type === "note").map((e) => e.text);
  expect(notes.filter((text) => /Storage refuses the run \(it is full: delete runs/.test(text))).toHaveLength(1);
  expect(notes.filter((text) => /takes the run again/.test(text))).toHaveLength(1);
  expect(timeless(await session.runEvents(id))).toEqual(timeless(events));
  expect(await only(session)).toMatchObject({ state: "finished", last: { step: 60 } });
});

test("storage that refuses from the first leaves a run in memory, and says so", { timeout: 60_000 }, async () => {
  const session = studio({ ...memoryShelf(null), put: () => Promise.reject(new Error("access denied")) });
  const { events } = await trained(session, config({ steps: 3 }));
  expect(events.at(-1)).toMatchObject({ state: "finished", step: 3 });
  expect(events.find((e) => e.type === "note")).toMatchObject({ text: expect.stringMatching(/access denied.*export what you want/) as string });
  expect((await session.runs()).runs).toEqual([]);
});

test("a run that never made a step is not kept; its error is told", { timeout: 60_000 }, async () => {
  const session = studio(memoryShelf(null), () => Promise.reject(new Error("no device")));
  const { events } = await trained(session, config());
  expect(events.at(-1)).toMatchObject({ state: "failed", detail: expect.stringMatching(/no device/) as string });
  expect((await session.runs()).runs).toEqual([]);
});
