// A run that goes on from a checkpoint is the run that never stopped, bit for bit: parameters, moments, steps, what is on, and every event after the cut.
// And checkpoints from strangers: whatever is in them, they are read or refused.

import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Backend, Exact } from "../../src/engine/backend.ts";
import { FormatError } from "../../src/formats/error.ts";
import { bytesSource, writeSafetensors } from "../../src/formats/safetensors.ts";
import type { RunConfig, TrainEvent } from "../../src/protocol.ts";
import { takenUp } from "../../src/session/start.ts";
import { allocateOnce } from "../../src/train/allocation.ts";
import { type Checkpoint, better, checkpointOf, readCheckpoint, writeCheckpoint } from "../../src/train/checkpoint.ts";
import { firstAllocation } from "../../src/train/config.ts";
import { Control } from "../../src/train/control.ts";
import { rateFactor } from "../../src/train/learning-rate.ts";
import type { Run } from "../../src/train/run.ts";
import { targetOf, withRanks } from "../../src/train/subject.ts";
import type { TrainData } from "../../src/train/rows.ts";
import { type TrainOptions, train } from "../../src/train/trainer.ts";
import { backends } from "../harness/backends.ts";
import { dataOf, examples, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const tiny = await tinyModel();
const data = dataOf(examples(11, 61), examples(3, 61, { seed: 9 }), [[1, 2, 3]]);
const bits = (a: Exact | Int32Array): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
const open = (bytes: Uint8Array) => readCheckpoint(bytesSource(bytes), "last.safetensors");

/** Every read of the clock is 150 ms later: what depends on time (when the map is read) does not depend on the machine. */
function steadyClock(): void {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => (now += 150));
}
afterEach(() => vi.restoreAllMocks());

interface Went {
  events: TrainEvent[];
  end: Checkpoint;
  /** By step: the file, and how many events there were. */
  files: Map<number, { bytes: Uint8Array<ArrayBuffer>; events: number }>;
  run: Run;
}

/** Trains up to `until`, from a file where there is one; every state that is kept is written. */
async function go(
  run: Run,
  config: RunConfig,
  until: number,
  from?: Uint8Array,
  rows: TrainData = data,
  rate?: [step: number, rate: number],
  said?: TrainOptions["told"],
): Promise<Went> {
  steadyClock();
  const events: TrainEvent[] = [];
  const files: Went["files"] = new Map();
  const control = new Control(config.train.learning_rate);
  const emit = (e: TrainEvent): void => {
    events.push(e);
    if (e.type !== "evaluation") return;
    if (e.step === rate?.[0]) control.learningRate = rate[1];
    if (e.step === until) control.stop();
  };
  const end = await train(run, rows, config, control, emit, {
    ...(from ? { from: checkpointOf(await open(from), run, "last.safetensors") } : {}),
    ...(said ? { told: said } : {}),
    keep: async (c) => void files.set(c.step, { bytes: writeCheckpoint(c, run, events.length), events: events.length }),
  });
  vi.restoreAllMocks();
  return { events, end, files, run };
}

/** What an event says, without the time it took. */
const told = (events: readonly TrainEvent[]): object[] =>
  events.filter((e) => e.type !== "progress" && e.type !== "state").map((e) => ({ ...e, ms: 0, time: 0, milliseconds: 0 }));

function expectSame(a: Went, b: Went): void {
  expect(a.end.step).toBe(b.end.step);
  for (const key of ["parameters", "m", "v", "segments"] as const) expect(bits(a.end.state[key]), key).toEqual(bits(b.end.state[key]));
  const place = ({ end: { loop } }: Went): object => ({ ...loop, time: 0 });
  expect(place(a)).toEqual(place(b));
  expect([...a.run.off]).toEqual([...b.run.off]);
}

const dynamic = (trainFields: Partial<RunConfig["train"]> = {}): RunConfig =>
  runConfig({
    lora_dropout: 0.2,
    target_modules: ["q_proj", "o_proj", "down_proj"],
    rank_pattern: { o_proj: 3 },
    allocation: { ...firstAllocation, when: "dynamic", realloc_N: 1, batches: 2, budget: { modules: 3 }, first_epochs_random: 1 },
    train: {
      steps: 400,
      batch_size: 2,
      gradient_accumulation_steps: 2,
      lr_scheduler_type: "cosine",
      warmup_steps: 4,
      eval_every: 1,
      eval_rows: 2,
      samples_every: 7,
      weight_decay: 0.1,
      checkpoint_seconds: 86400,
      ...trainFields,
    },
  });

describe.each(["reference", "webgpu", "wasm"] as const)("%s", (name) => {
  const it = test.skipIf(name === "webgpu" && webgpuMissing);
  const backendNow = async (): Promise<Backend> => (await backends[name]())!;

  it("dropout, accumulation, a dynamic allocation, a rate changed by hand: cut at any step", { timeout: 240_000 }, async () => {
    const backend = await backendNow();
    const config = dynamic();
    const whole = await go(await runOf(backend, tiny, config), config, 14, undefined, data, [6, 0.004]);
    expect(whole.end.step).toBe(14);
    expect(whole.run.off.size).toBe(3);
    expect(whole.events.filter((e) => e.type === "allocation").map((e) => e.step)).toEqual([0, 3, 6, 9, 12]);
    expect(whole.events.filter((e) => e.type === "sites").map((e) => e.step)).toEqual([1, 3, 5, 7, 9, 11, 13]);
    for (const cut of [1, 8, 13]) {
      const { bytes, events } = whole.files.get(cut)!;
      const on = await go(await runOf(backend, tiny, config), config, 14, bytes, data, [6, 0.004]);
      expectSame(on, whole);
      expect(told(on.events), `after ${cut}`).toEqual(told(whole.events.slice(events)));
      on.run.destroy();
    }
    // Twice cut is cut as well.
    const { bytes } = whole.files.get(3)!;
    const first = await go(await runOf(backend, tiny, config), config, 8, bytes, data, [6, 0.004]);
    expect(first.files.get(8)!.bytes.length).toBe(whole.files.get(8)!.bytes.length);
    expectSame(await go(await runOf(backend, tiny, config), config, 14, first.files.get(8)!.bytes), whole);
  });
});

test("ranks of a static allocation, and full fine-tuning with its distance from the start", { timeout: 120_000 }, async () => {
  const backend = (await backends.wasm())!;
  const allocated = { ...dynamic(), allocation: { ...firstAllocation, allocator: "proportional", batches: 2, budget: { share: 0.5 } } };
  const base = await runOf(backend, tiny, allocated);
  const rebuild = (t: Parameters<typeof runOf>[3]): Promise<Run> => runOf(backend, tiny, allocated, t);
  const run = await allocateOnce(base, rebuild, { data, config: allocated, emit: () => {}, cancelled: () => false });
  const whole = await go(run, allocated, 6);
  const { bytes } = whole.files.get(4)!;
  const { ranks } = await open(bytes);
  expect(new Set(Object.values(ranks)).size).toBeGreaterThan(1);
  const all = targetOf(tiny.base, allocated);
  const target = withRanks(all, new Map([...all.ranks.keys()].map((site) => [site, ranks[site] ?? 0])));
  expectSame(await go(await runOf(backend, tiny, allocated, target), allocated, 6, bytes), whole);

  const full = runConfig({ method: "full", target_modules: ["all"], train: { steps: 400, eval_every: 1, checkpoint_seconds: 86400 } });
  const free = await go(await runOf(backend, tiny, full), full, 6);
  const on = await go(await runOf(backend, tiny, full), full, 6, free.files.get(4)!.bytes);
  expectSame(on, free);
  expect(on.events.findLast((e) => e.type === "sites")).toEqual(free.events.findLast((e) => e.type === "sites"));
  await expect(go(await runOf(backend, tiny, full), full, 6, bytes)).rejects.toThrow(/is of another run: this one trains "model\.embed_tokens\.weight"/);
});

test("shortcuts, and rows of like length in one batch", { timeout: 120_000 }, async () => {
  const backend = await backends.wasm();
  const grouped = dynamic({ group_by_length: true });
  const config = { ...grouped, allocation: { ...grouped.allocation!, shortcuts: "combined" as const, budget: { share: 0.5 } } };
  const whole = await go(await runOf(backend, tiny, config), config, 9);
  expect(whole.run.target.sites.some((s) => s.kind === "shortcut")).toBe(true);
  for (const cut of [2, 6]) {
    const { bytes, events } = whole.files.get(cut)!;
    const on = await go(await runOf(backend, tiny, config), config, 9, bytes);
    expectSame(on, whole);
    expect(told(on.events), `after ${cut}`).toEqual(told(whole.events.slice(events)));
  }
});

test("a pause keeps the state as it is, once; the end too", async () => {
  const config = dynamic({ eval_every: 0, samples_every: 0, steps: 9 });
  const run = await runOf(await backends.reference(), tiny, config);
  const kept: [step: number, urgent: boolean, states: string][] = [];
  const states: string[] = [];
  const control: Control = new Control(0.01, (state) => {
    states.push(state);
    if (state === "paused") setTimeout(() => (states.length < 4 ? control.step() : control.resume()));
  });
  await train(run, data, config, control, (e) => e.type === "step" && e.step === 1 && control.pause(), {
    keep: async (c, urgent) => void kept.push([c.step, urgent, states.at(-1) ?? ""]),
  });
  const steps = kept.filter(([, urgent]) => urgent).map(([step]) => step);
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b));
  expect(steps.length).toBeGreaterThanOrEqual(4);
  expect(kept[0][2]).toBe(""); // before the page hears of the pause
  expect(steps.at(-1)).toBe(9);
});

test.each([3, 4])("stopped in the middle of what is due after step %i: that comes first when the run goes on", async (cut) => {
  const backend = await backends.reference();
  const config = runConfig({ train: { steps: 4, eval_every: 3, samples_every: 3, eval_rows: 2, batch_size: 1 } });
  const whole = await go(await runOf(backend, tiny, config), config, Infinity);
  steadyClock();
  const control = new Control(config.train.learning_rate);
  const events: TrainEvent[] = [];
  const first = await runOf(backend, tiny, config);
  const at = await train(first, data, config, control, (e) => {
    events.push(e);
    if (e.type === "step" && e.step === cut) control.stop();
  });
  expect([at.step, events.some((e) => "step" in e && e.step === cut && (e.type === "evaluation" || e.type === "sample"))]).toEqual([cut, false]);
  const bytes = writeCheckpoint(at, first, events.length);
  const on = await go(await runOf(backend, tiny, config), config, Infinity, bytes, data, undefined, takenUp(at, events, false).told);
  expect(told([...events, ...on.events])).toEqual(told(whole.events));
  expectSame(on, whole);
});

test("a finished run is extended: its schedule is that of the longer run", async () => {
  const backend = await backends.reference();
  const config = runConfig({ train: { steps: 4, lr_scheduler_type: "cosine", learning_rate: 0.01 } });
  const done = await go(await runOf(backend, tiny, config), config, 4);
  const longer = { ...config, train: { ...config.train, steps: 8 } };
  const on = await go(await runOf(backend, tiny, longer), longer, 8, done.files.get(4)!.bytes);
  const steps = on.events.filter((e) => e.type === "step");
  expect(steps.map((e) => e.step)).toEqual([5, 6, 7, 8]);
  for (const e of steps) expect(e.learningRate).toBeCloseTo(0.01 * rateFactor("cosine", e.step - 1, 8, 0), 9);
  expect(on.events.filter((e) => e.type === "evaluation").map((e) => e.step)).toEqual([8]);
  // Nothing is left to do: it is finished at once.
  const nothing = await go(await runOf(backend, tiny, longer), longer, 8, on.files.get(8)!.bytes);
  expect(nothing.events).toEqual([{ type: "state", state: "running", step: 8 }, { type: "state", state: "finished", step: 8 }]); // prettier-ignore
  expect(bits((await nothing.run.parameters.snapshot()).parameters)).toEqual(bits(on.end.state.parameters));
});

test("other training rows are refused", async () => {
  const config = dynamic({ steps: 2 });
  const backend = await backends.reference();
  const { files } = await go(await runOf(backend, tiny, config), config, 2);
  const other = dataOf(examples(11, 61, { seed: 2 }));
  await expect(go(await runOf(backend, tiny, config), config, 2, files.get(1)!.bytes, other)).rejects.toThrow(/data\.source: the training rows are not those/);
});

test("the best evaluation: of a classifier by its metric, else by loss; never the base", () => {
  const at = (step: number, loss: number, metric: number) => ({ step, loss, metric });
  expect(better(at(0, 1, 1), null, false)).toBe(false);
  expect(better(at(5, 9, 0), null, false)).toBe(true);
  expect(better(at(5, 2, 0.1), at(4, 3, 0.9), false)).toBe(true);
  expect(better(at(5, 2, 0.1), at(4, 3, 0.9), true)).toBe(false);
  expect(better(at(5, 2, 0.9), at(4, 3, 0.9), true)).toBe(true);
  expect(better(at(5, NaN, 0.9), at(4, 3, 0.9), false)).toBe(false);
});

describe("a checkpoint from a stranger", async () => {
  const config = dynamic({ steps: 2 });
  const { files, run } = await go(await runOf(await backends.wasm(), tiny, config), config, 2);
  const { bytes } = files.get(2)!;
  const stored = await open(bytes);
  const { segments, ranks, step, events, loop, ...tensors } = stored;
  const { sums, ...window } = loop.window;
  type Json = Record<string, unknown>;
  const described: Json = { version: 1, step, loop: { ...loop, window }, segments, ranks, events };
  const forged = (change: Json = {}, data: Record<string, Exact | Int32Array | Uint8Array> = {}): Uint8Array =>
    writeSafetensors(
      Object.entries({ ...tensors, window: Float64Array.from(sums), ...data }).map(([name, d]) => ({ name, shape: [d.length], data: d })),
      { format: "rankscope-checkpoint", checkpoint: JSON.stringify({ ...described, ...change }) },
    );

  test("forged without a change it is the same", async () => {
    expect(await open(forged())).toEqual(stored);
    expect(checkpointOf(stored, run, "x").state).toEqual(await run.parameters.snapshot());
  });

  const nan = tensors.m.slice();
  nan[5] = NaN;
  const many = tensors.steps.slice();
  many[0] = 3;
  test.each<[string, Uint8Array, RegExp]>([
    ["a later version", forged({ version: 2 }), /is of version 2, this is version 1/],
    ["a step that is none", forged({ step: -1 }), /step must be a whole number/],
    ["more steps than the run", forged({}, { steps: many }), /counts of steps that cannot be/],
    ["flags that are none", forged({}, { active: tensors.active.map(() => 7) }), /counts of steps/],
    ["values that are not finite", forged({}, { m: nan }), /"m" has values that are not finite/],
    ["moments of another length", forged({}, { v: tensors.v.slice(4) }), /"v" has \d+ numbers, not/],
    ["negative squares", forged({}, { v: tensors.v.map(() => -1) }), /negative squares/],
    ["floats as ints", forged({}, { parameters: tensors.steps }), /"parameters" holds no floats/],
    ["no list of tensors", forged({ segments: [[1, 2]] }), /list of tensors is damaged/],
    ["fewer tensors", forged({ segments: segments.slice(1) }), /must have a number for each/],
    ["ranks that are none", forged({ ranks: { q: -4 } }), /rank of q must be/],
    ["no loop", forged({ loop: null }), /where its loop stands/],
    ["a loop without a place in the data", forged({ loop: { ...loop, window, drawn: 1.5 } }), /rows drawn must be/],
    ["half a file", bytes.slice(0, bytes.length / 2), /shorter than its header says/],
    ["an adapter", writeSafetensors([{ name: "a", shape: [1], data: new Float32Array(1) }]), /is no checkpoint of a run/],
    ["deep nesting", forged({ loop: JSON.parse(`${"[".repeat(3000)}${"]".repeat(3000)}`) as unknown }), /where its loop stands/],
  ])("%s", async (_, file, message) => {
    const opened = open(file);
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toBeInstanceOf(FormatError);
  });

  test("tensors that lie elsewhere do not fit the run", async () => {
    const moved = forged({ segments: segments.map(([name, offset, ...shape]) => [name, offset + 64, ...shape]) });
    const read = await open(moved);
    expect(() => checkpointOf(read, run, "x")).toThrow(/is of another run/);
    const longer = await open(forged({}, { parameters: new Float32Array(9e4), m: new Float32Array(9e4), v: new Float32Array(9e4) }));
    expect(() => checkpointOf(longer, run, "x")).toThrow(/is of another run/);
  });

  test("bytes changed anywhere are read or refused, never more", async () => {
    const change = fc.tuple(fc.nat(2000), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(bytes.length), async (changes, cut) => {
        const file = bytes.slice(0, cut % 3 ? bytes.length : cut);
        for (const [at, value] of changes) if (at < file.length) file[at] = value;
        try {
          checkpointOf(await open(file), run, "x");
        } catch (e) {
          expect(e).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
