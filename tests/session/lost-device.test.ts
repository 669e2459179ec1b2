// A device that is lost in the middle: the run goes on with a new one from its last state, and ends as if nothing had been; after three losses it stops
// and offers a smaller batch.

import { describe, expect, test } from "vitest";
import { nodeGpu } from "../../src/cli/node-gpu.ts";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import { DeviceError, webgpuBackend } from "../../src/engine/webgpu/backend.ts";
import { NoWebGpuError, requestDevice } from "../../src/engine/webgpu/device.ts";
import type { Backend } from "../../src/engine/backend.ts";
import type { RunConfig, TrainEvent } from "../../src/protocol.ts";
import { smallerBatch } from "../../src/session/onward.ts";
import { memoryShelf } from "../../src/session/shelf.ts";
import { StudioSession } from "../../src/session/studio.ts";
import { parseConfig } from "../../src/train/config.ts";
import { tinyContext } from "../harness/tiny-folder.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const config = (train: Partial<RunConfig["train"]>): RunConfig =>
  parseConfig({
    model: { source: "file:model" },
    data: { source: "file:rows.jsonl", max_length: 32, eval_share: 0.25 },
    r: 2,
    lora_alpha: 4,
    lora_dropout: 0.1,
    target_modules: ["q_proj"],
    backend: "webgpu",
    train: { steps: 400, batch_size: 4, eval_every: 40, eval_rows: 2, samples_every: 0, warmup_steps: 0, learning_rate: 0.01, ...train },
  });

const told = (events: readonly TrainEvent[]): object[] =>
  events.filter((e) => ["step", "evaluation"].includes(e.type)).map((e) => ({ ...e, ms: 0, time: 0, milliseconds: 0 })); // prettier-ignore

/** A device that can be lost: a real one, or wasm that says so. */
interface Losable {
  backend: Backend;
  lose(): void;
}
const real = async (): Promise<Losable> => {
  const device = await requestDevice(await nodeGpu());
  return { backend: webgpuBackend(device), lose: () => device.gpu.destroy() };
};
const pretended = async (): Promise<Losable> => {
  const backend = await wasmBackend({ threads: 1 });
  let lost = false;
  const guarded = <A extends unknown[], R>(fn: (...a: A) => Promise<R>) => async (...a: A): Promise<R> => {
    if (lost) throw new DeviceError("the device was lost (pretended)", false, true);
    return fn(...a);
  }; // prettier-ignore
  return { backend: { ...backend, run: guarded(backend.run), read: guarded(backend.read) }, lose: () => void (lost = true) };
};

/** A run whose device is lost when `when` says so, each time it does. */
async function run(json: RunConfig, when: (e: TrainEvent, losses: number) => boolean, { make = pretended, comesBack = true } = {}) {
  let device = null as Losable | null;
  let losses = 0;
  const session = new StudioSession({
    context: tinyContext,
    device: async () => ({ webgpu: true, adapter: "test", software: true, limits: {}, features: [] }),
    backend: async ({ backend }) => {
      if (backend === "wasm") return wasmBackend({ threads: 1 });
      if (losses > 0 && !comesBack) throw new NoWebGpuError("no adapter was found");
      return (device = await make()).backend;
    },
    give: () => {},
    shelf: async () => memoryShelf(null),
  });
  const all: TrainEvent[] = [];
  await session.train(json, (events) => {
    for (const e of events) {
      all.push(e);
      if (!device || !when(e, losses)) continue;
      losses++;
      device.lose();
      device = null;
    }
  });
  const [kept] = (await session.runs()).runs;
  return { all, losses, kept, session, log: kept ? await session.runEvents(kept.id) : [] };
}

describe("a device that is lost", () => {
  test("lost twice, before and after a state was kept: the run ends bit for bit as one that was not", { timeout: 240_000 }, async () => {
    const whole = await run(config({}), () => false);
    expect(whole.all.at(-1)).toMatchObject({ state: "finished", step: 400 });
    const lost = await run(config({}), (e, losses) => e.type === "step" && e.step >= [1, 120, Infinity][losses]);
    expect(lost.losses).toBe(2);
    expect(lost.all.at(-1)).toMatchObject({ state: "finished", step: 400 });
    const notes = lost.log.filter((e) => e.type === "note").map((e) => e.text);
    expect(notes.filter((text) => /the device was lost.*The run goes on from/.test(text)).length).toBeGreaterThan(0);
    // The log is that of one run; the page was told it anew each time.
    expect(told(lost.log)).toEqual(told(whole.log));
    expect(lost.all.filter((e) => e.type === "run")).toHaveLength(3);
    const from = lost.all.findLastIndex((e) => e.type === "run");
    expect(told(lost.all.slice(from))).toEqual(told(whole.log));
    expect(lost.kept).toMatchObject({ state: "finished", last: { step: 400 } });
    const answer = await lost.session.ask({ prompt: "1 and 1 is", maxNewTokens: 2, temperature: 0, topP: 1, seed: 0 });
    expect(answer).toEqual(await whole.session.ask({ prompt: "1 and 1 is", maxNewTokens: 2, temperature: 0, topP: 1, seed: 0 }));
  });

  test("three losses in ten minutes: it stops, keeps its last state and offers a smaller batch, with which it goes on", { timeout: 240_000 }, async () => {
    const { all, losses, kept, session } = await run(config({ steps: 600 }), (e, n) => n < 3 && e.type === "step" && e.step > 2);
    expect(losses).toBe(3);
    const end = all.at(-1)!;
    expect(end).toMatchObject({ state: "failed", detail: "device: the device was lost 3 times within ten minutes", offer: { batch_size: 2, gradient_accumulation_steps: 2 } }); // prettier-ignore
    expect(end).toHaveProperty("hint", "Batches of 2, 2 to a step, see the same rows with less memory.");
    expect(kept.state).toBe("failed");
    const after: TrainEvent[] = [];
    await session.continueRun(kept.id, { batch_size: 2, gradient_accumulation_steps: 2 }, (events) => {
      after.push(...events);
      if (events.some((e) => e.type === "step" && e.step > kept.step + 1)) void session.stop();
    });
    expect(after.findLast((e) => e.type === "note")!).toMatchObject({ text: expect.stringMatching(/batches of 2, 2 to a step/) as string });
    expect(after.at(-1)).toMatchObject({ state: "stopped" });
  });

  test("a device that does not come back: the run is kept and goes on in WebAssembly", { timeout: 240_000 }, async () => {
    const { all, kept, session } = await run(config({}), (e, n) => n < 1 && e.type === "step" && e.step > 60, { comesBack: false });
    expect(all.at(-1)).toMatchObject({ state: "failed", detail: expect.stringMatching(/does not come back/) as string, offer: { backend: "wasm" } });
    expect(kept.last!.step).toBeGreaterThanOrEqual(40);
    const after: TrainEvent[] = [];
    await session.continueRun(kept.id, { backend: "wasm" }, (events) => void after.push(...events));
    expect(after.at(-1)).toMatchObject({ state: "finished", step: 400 });
    expect(after.findLast((e) => e.type === "plan")).toMatchObject({ backend: "wasm" });
    expect(after.findLast((e) => e.type === "note")).toMatchObject({ text: expect.stringMatching(/computes elsewhere \(wasm\)/) as string });
  });

  test("lost for good before its first state was kept, it begins anew", { timeout: 60_000 }, async () => {
    const early = await run(config({ steps: 300, eval_every: 0 }), (e, n) => n < 1 && e.type === "step", { comesBack: false });
    expect(early.kept).toMatchObject({ state: "failed", last: null });
    const after: TrainEvent[] = [];
    await early.session.continueRun(early.kept.id, { backend: "wasm" }, (events) => void after.push(...events));
    expect(after.filter((e) => e.type === "step").map((e) => e.step)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
  });

  test.skipIf(webgpuMissing)("a real one: destroyed in the middle, the run goes on with another", { timeout: 240_000 }, async () => {
    const { all, losses } = await run(config({ steps: 14, eval_every: 0 }), (e, n) => n < 1 && e.type === "step" && e.step > 2, { make: real });
    expect(losses).toBe(1);
    expect(all.at(-1)).toMatchObject({ state: "finished", step: 14 });
    expect(all.find((e) => e.type === "note")).toMatchObject({ text: expect.stringMatching(/the device was lost.*The run goes on from/) as string });
  });

  test.skipIf(webgpuMissing)("a loss that nobody caused by closing is told from one that we did", { timeout: 60_000 }, async () => {
    const device = await requestDevice(await nodeGpu());
    const backend = webgpuBackend(device);
    const memory = backend.memory(64, "x");
    const reading = backend.read({ memory, offset: 0, elements: 64 });
    device.gpu.destroy();
    await reading.catch(() => {});
    await expect(backend.read({ memory, offset: 0, elements: 64 })).rejects.toMatchObject({ lost: true, where: "device" });
    const own = webgpuBackend(await requestDevice(await nodeGpu()));
    own.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(own.pipelines).toBe(0);
  });
});

test.each([
  [8, 1, { batch_size: 4, gradient_accumulation_steps: 2 }],
  [9, 2, { batch_size: 3, gradient_accumulation_steps: 6 }],
  [7, 1, { batch_size: 1, gradient_accumulation_steps: 7 }],
  [1, 4, undefined],
])("a smaller batch than %i × %i", (batch_size, gradient_accumulation_steps, smaller) => {
  const { train } = config({ batch_size, gradient_accumulation_steps });
  expect(smallerBatch(train)).toEqual(smaller);
});
