// A run that begins as an adapter that was given: cut off, or its device lost, before anything else of it was kept, it still goes on as that adapter.

import { beforeAll, expect, test } from "vitest";
import type { Backend } from "../../src/engine/backend.ts";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import { DeviceError } from "../../src/engine/webgpu/backend.ts";
import type { GivenFile, RunConfig, TrainEvent } from "../../src/protocol.ts";
import { type Shelf, memoryShelf } from "../../src/session/shelf.ts";
import { StudioSession } from "../../src/session/studio.ts";
import { tinyContext } from "../harness/tiny-folder.ts";
import { tinyRun } from "../harness/tiny-studio.ts";

const wasm = (): Promise<Backend> => wasmBackend({ threads: 1 });
const studio = (shelf: Shelf, backend = wasm): StudioSession =>
  new StudioSession({
    context: tinyContext,
    device: async () => ({ webgpu: true, adapter: "test", software: true, limits: {}, features: [] }),
    backend,
    give: () => {},
    shelf: async () => shelf,
  });
const config: RunConfig = tinyRun();
const told = async (work: (onEvents: (events: TrainEvent[]) => void) => Promise<void>): Promise<TrainEvent[]> => {
  const events: TrainEvent[] = [];
  await work((some) => void events.push(...some));
  return events;
};
/** What happened, without when. */
const story = (events: readonly TrainEvent[]): object[] =>
  events.filter((e) => ["step", "evaluation", "sample"].includes(e.type)).map((e) => ({ ...e, ms: 0, time: 0 }));

let adapter: GivenFile[];
/** Of the run that nothing happened to. */
let whole: object[];
beforeAll(async () => {
  const session = studio(memoryShelf(null));
  await session.train(config, () => {});
  const zip = await session.export();
  if ("problems" in zip) throw new Error(JSON.stringify(zip));
  adapter = [{ name: "run.zip", bytes: new Blob([zip.bytes as BlobPart]) }];
  whole = story(await told((on) => session.takeAdapter(config, adapter, "train", on)));
  // It did begin as the adapter.
  expect(whole).not.toEqual(story(await told((on) => session.train(config, on))));
}, 60_000);

/** Everything that is written after so many states is lost, as if the worker were gone. */
function dying(shelf: Shelf, states: number): Shelf {
  let written = 0;
  const unless = <A extends unknown[]>(fn: (...a: A) => Promise<void>) => async (...a: A): Promise<void> => (written > states ? undefined : fn(...a)); // prettier-ignore
  return {
    ...shelf,
    append: unless(shelf.append),
    change: unless(shelf.change),
    write: async (...a) => void (++written <= states && (await shelf.write(...a))),
  };
}

test("cut off before its first checkpoint, it goes on as the adapter, with the base looked at once", { timeout: 60_000 }, async () => {
  const shelf = memoryShelf(null);
  await told((on) => studio(dying(shelf, 1)).takeAdapter(config, adapter, "train", on));
  const second = studio(shelf);
  const [run] = (await second.runs()).runs;
  expect(run).toMatchObject({ given: true, last: { step: 0 } });
  expect(run.problem).toBeUndefined();
  const on = await told((tell) => second.continueRun(run.id, {}, tell));
  expect(on.at(-1)).toMatchObject({ state: "finished", step: 12 });
  expect(story(on)).toEqual(whole);
  expect(story(await second.runEvents(run.id))).toEqual(whole);
});

test("cut off before even that, it does not begin as something else", { timeout: 60_000 }, async () => {
  const shelf = memoryShelf(null);
  const first = studio(dying(shelf, 0));
  let seen: string | undefined = "nothing";
  await told((on) =>
    first.takeAdapter(config, adapter, "train", (events) => {
      on(events);
      // While it is under way, nothing is wrong with it.
      if (seen === "nothing") void first.runs().then(({ runs }) => (seen = runs[0]?.problem));
    }),
  );
  expect(seen).toBeUndefined();
  const second = studio(shelf);
  const [run] = (await second.runs()).runs;
  expect(run).toMatchObject({ last: null, problem: expect.stringMatching(/began as an adapter that was given.*give the adapter again/) as string });
  const on = await told((tell) => second.continueRun(run.id, {}, tell));
  expect(on.at(-1)).toMatchObject({ state: "failed", detail: expect.stringMatching(/began as an adapter that was given/) as string });
});

test("stopped while the base is looked at, it looks at it when it goes on", { timeout: 60_000 }, async () => {
  const shelf = memoryShelf(null);
  let runs = 0;
  const session: StudioSession = studio(shelf, async () => {
    const backend = await wasm();
    return { ...backend, run: (plan, cancelled) => (++runs === 1 && void session.stop(), backend.run(plan, cancelled)) };
  });
  await told((on) => session.takeAdapter(config, adapter, "train", on));
  const [run] = (await session.runs()).runs;
  expect(run).toMatchObject({ state: "stopped", step: 0, last: { step: 0 }, evaluated: null });
  expect(story(await told((tell) => session.continueRun(run.id, {}, tell)))).toEqual(whole);
});

test.each([1, 2, 5, 40])("its device lost at pass %i, it goes on as the adapter", { timeout: 60_000 }, async (at) => {
  let passes = 0;
  let devices = 0;
  const session = studio(memoryShelf(null), async () => {
    devices++;
    const backend = await wasm();
    const run: Backend["run"] = async (plan, cancelled) => {
      if (++passes === at) throw new DeviceError("the device was lost (pretended)", false, true);
      return backend.run(plan, cancelled);
    };
    return { ...backend, run };
  });
  const events = await told((on) => session.takeAdapter(config, adapter, "train", on));
  expect(events.at(-1)).toMatchObject({ state: "finished", step: 12 });
  expect(devices).toBe(2);
  expect(events.find((e) => e.type === "note" && /The run goes on from/.test(e.text))).toBeDefined();
  const [run] = (await session.runs()).runs;
  expect(story(await session.runEvents(run.id))).toEqual(whole);
});
