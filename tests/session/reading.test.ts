// Rows are read once for all who ask for the same; it is told how far that is, and reading nobody waits for ends.

import { join } from "node:path";
import { expect, test } from "vitest";
import { DataError } from "../../src/data/error.ts";
import type { Watch } from "../../src/data/pace.ts";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import type { Phase, RunConfig, TrainEvent } from "../../src/protocol.ts";
import { diskFolder } from "../../src/session/disk.ts";
import type { LoadedData } from "../../src/session/load.ts";
import { Reading } from "../../src/session/reading.ts";
import { StudioSession } from "../../src/session/studio.ts";
import { parseConfig } from "../../src/train/config.ts";

/** Reading that ends when it is told to. */
function slow() {
  const begun: { watch: Watch; end: (data: LoadedData) => void; fail: (error: Error) => void }[] = [];
  const read = (watch: Watch) => new Promise<LoadedData>((end, fail) => {
    watch.signal!.addEventListener("abort", () => fail(watch.signal!.reason));
    begun.push({ watch, end, fail });
  }); // prettier-ignore
  return { begun, read };
}
const rows = (name: string) => ({ name }) as unknown as LoadedData;
const [form, run] = [{}, {}];
const settled = (promise: Promise<unknown>) => promise.then((data) => (data as { name: string }).name, (e: Error) => e.name); // prettier-ignore

test("one reading for two who ask, each told how far it is", async () => {
  const [reading, { begun, read }] = [new Reading(), slow()];
  const told: string[] = [];
  const asked = [reading.ask("a", form, read, ({ done }) => told.push(`form ${done}`)), reading.ask("a", run, read, ({ done }) => told.push(`run ${done}`))];
  begun[0].watch.onProgress!({ phase: "reading data", done: 3, total: 9, unit: "bytes" });
  begun[0].end(rows("a"));
  expect([await Promise.all(asked.map(settled)), begun.length, told]).toEqual([["a", "a"], 1, ["form 3", "run 3"]]);
  expect(await settled(reading.ask("a", form, read))).toBe("a");
  expect(begun).toHaveLength(1);
});

test("a newer question ends the older; what another waits for goes on for him", async () => {
  const [reading, { begun, read }] = [new Reading(), slow()];
  const asked = [settled(reading.ask("a", form, read)), settled(reading.ask("b", form, read)), settled(reading.ask("b", run, read))];
  const last = settled(reading.ask("c", form, read));
  expect(begun.map(({ watch }) => watch.signal!.aborted)).toEqual([true, false, false]);
  begun[1].end(rows("b"));
  begun[2].end(rows("c"));
  expect([await Promise.all(asked), await last]).toEqual([["AbortError", "AbortError", "b"], "c"]);
});

test("who leaves waits no longer, nor again; what only he waited for ends", async () => {
  const [reading, { begun, read }] = [new Reading(), slow()];
  const alone = settled(reading.ask("a", run, read));
  reading.leave(run);
  expect([await alone, begun[0].watch.signal!.aborted]).toEqual(["AbortError", true]);
  expect(await settled(reading.ask("a", run, read))).toBe("AbortError");
  const other = {};
  const both = [settled(reading.ask("a", form, read)), settled(reading.ask("a", other, read))];
  // The files change, which whoever waits does not notice; he can leave all the same.
  reading.forget();
  reading.leave(other);
  expect([await both[1], begun[1].watch.signal!.aborted]).toEqual(["AbortError", false]);
  begun[1].end(rows("a"));
  expect(await both[0]).toBe("a");
});

test("the last two are there without being read again; what was wrong with rows is remembered, another failure is not; changed files are read anew", async () => {
  const [reading, { begun, read }] = [new Reading(), slow()];
  const got = async (key: string, end: () => void): Promise<string> => {
    const asked = settled(reading.ask(key, form, read));
    end();
    return asked;
  };
  const last = () => begun.at(-1)!;
  for (const key of ["a", "b"]) expect(await got(key, () => last().end(rows(key)))).toBe(key);
  expect([await got("a", () => {}), await got("b", () => {}), begun.length]).toEqual(["a", "b", 2]);
  expect(await got("c", () => last().fail(new DataError("data.source", "has no rows", "Give some")))).toBe("DataError");
  expect([await got("c", () => {}), begun.length]).toEqual(["DataError", 3]);
  expect(await got("a", () => last().fail(new RangeError("no")))).toBe("RangeError");
  expect(await got("a", () => last().end(rows("a again")))).toBe("a again");
  reading.forget();
  expect(await got("a", () => last().end(rows("a, changed")))).toBe("a, changed");
});

const line = (i: number) => JSON.stringify({ prompt: `Question ${i}: where did the little red fox go when the sun was low?`, completion: ` To river ${i}.` });
const many = new Blob([Array.from({ length: 6000 }, (_, i) => line(i)).join("\n")]);
const studio = new StudioSession({
  context: { bundled: (name) => diskFolder(join(import.meta.dirname, "../../public/models", name), name), dataFile: async () => many },
  device: async () => ({ webgpu: false, adapter: "", software: false, limits: {}, features: [] }),
  backend: () => wasmBackend({ threads: 1 }),
  give: () => {},
});
const config = (maxLength: number): RunConfig => parseConfig({ data: { source: "file:many.jsonl", max_length: maxLength }, backend: "wasm" });

test("a large file: numbers that rise; asked for something else meanwhile, it is given up", { timeout: 120_000 }, async () => {
  const told: [Phase[], Phase[]] = [[], []];
  const encoded = (of: Phase[]) => of.filter(({ phase }) => phase === "encoding rows");
  const first = studio.preflight(config(64), (phase) => told[0].push(phase));
  first.catch(() => {}); // looked at below
  while (encoded(told[0]).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const second = await studio.preflight(config(48), (phase) => told[1].push(phase));
  expect(await settled(first)).toBe("AbortError");
  expect(second.problems).toEqual([]);
  const done = encoded(told[1]).map(({ done }) => done);
  expect(done.length).toBeGreaterThan(0);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(told.flatMap(encoded).every(({ total, unit }) => total === 6000 && unit === "rows")).toBe(true);
});

test("Stop while the rows are read", { timeout: 120_000 }, async () => {
  const events: TrainEvent[] = [];
  let stopped: Promise<void> | null = null;
  await studio.train(config(40), (some) => {
    events.push(...some);
    if (some.some((e) => e.type === "progress" && e.phase === "encoding rows")) stopped ??= studio.stop();
  });
  expect(stopped).not.toBeNull();
  expect(events.at(-1)).toEqual({ type: "state", state: "stopped", step: 0 });
  expect(events.some(({ type }) => type === "run")).toBe(false);
});

test("Stop while the rows are read, which the form waits for too", { timeout: 120_000 }, async () => {
  const form = studio.preflight(config(44));
  const events: TrainEvent[] = [];
  await studio.train(config(44), (some) => {
    events.push(...some);
    if (some.some((e) => e.type === "progress" && e.phase === "encoding rows")) void studio.stop();
  });
  expect(events.at(-1)).toEqual({ type: "state", state: "stopped", step: 0 });
  expect((await form).problems).toEqual([]);
});
