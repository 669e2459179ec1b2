// A device that is lost in the middle: the run goes on with a new one from its last state, and ends as if nothing had been; after three losses it stops
// and offers a smaller batch.

import { describe, expect, test } from "vitest";
import { nodeGpu } from "../../src/cli/node-gpu.ts";
import { webgpuBackend } from "../../src/engine/webgpu/backend.ts";
import { type Device, requestDevice } from "../../src/engine/webgpu/device.ts";
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
    train: { steps: 14, batch_size: 4, eval_every: 4, eval_rows: 2, samples_every: 0, warmup_steps: 0, learning_rate: 0.01, ...train },
  });

const told = (events: readonly TrainEvent[]): object[] =>
  events.filter((e) => ["step", "evaluation"].includes(e.type)).map((e) => ({ ...e, ms: 0, time: 0, milliseconds: 0 })); // prettier-ignore

/** A run whose device is destroyed when `when` says so, each time it does. */
async function run(json: RunConfig, when: (e: TrainEvent, losses: number) => boolean) {
  let device: Device | null = null as Device | null;
  let losses = 0;
  const session = new StudioSession({
    context: tinyContext,
    device: async () => ({ webgpu: true, adapter: "test", software: true, limits: {}, features: [] }),
    backend: async () => webgpuBackend((device = await requestDevice(await nodeGpu()))),
    give: () => {},
    shelf: async () => memoryShelf(null),
  });
  const all: TrainEvent[] = [];
  await session.train(json, (events) => {
    for (const e of events) {
      all.push(e);
      if (!device || !when(e, losses)) continue;
      losses++;
      device.gpu.destroy();
      device = null;
    }
  });
  const [kept] = (await session.runs()).runs;
  return { all, losses, kept, session, log: kept ? await session.runEvents(kept.id) : [] };
}

describe.skipIf(webgpuMissing)("webgpu", () => {
  test("lost twice, before and after a state was kept: the run ends bit for bit as one that was not", { timeout: 240_000 }, async () => {
    const whole = await run(config({}), () => false);
    expect(whole.all.at(-1)).toMatchObject({ state: "finished", step: 14 });
    const lost = await run(config({}), (e, losses) => e.type === "step" && e.step >= [1, 7, Infinity][losses]);
    expect(lost.losses).toBe(2);
    expect(lost.all.at(-1)).toMatchObject({ state: "finished", step: 14 });
    const notes = lost.log.filter((e) => e.type === "note").map((e) => e.text);
    expect(notes.filter((text) => /the device was lost.*goes on with a new one/.test(text)).length).toBeGreaterThan(0);
    // The log is that of one run; the page was told it anew each time.
    expect(told(lost.log)).toEqual(told(whole.log));
    expect(lost.all.filter((e) => e.type === "run")).toHaveLength(3);
    const from = lost.all.findLastIndex((e) => e.type === "run");
    expect(told(lost.all.slice(from))).toEqual(told(whole.log));
    expect(lost.kept).toMatchObject({ state: "finished", last: { step: 14 } });
    const answer = await lost.session.ask({ prompt: "1 and 1 is", maxNewTokens: 2, temperature: 0, topP: 1, seed: 0 });
    expect(answer).toEqual(await whole.session.ask({ prompt: "1 and 1 is", maxNewTokens: 2, temperature: 0, topP: 1, seed: 0 }));
  });

  test("three losses in ten minutes: it stops, keeps its last state and offers a smaller batch, with which it goes on", { timeout: 240_000 }, async () => {
    const { all, losses, kept, session } = await run(config({ steps: 200 }), (e, n) => n < 3 && e.type === "step" && e.step > 2);
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

  test("a loss that nobody caused by closing is told from one that we did", { timeout: 60_000 }, async () => {
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
