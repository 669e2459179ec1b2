// Rows are read once for all who ask for the same; it is told how far that is, and reading nobody waits for ends.

import { join } from "node:path";
import { expect, test } from "vitest";
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

test("a newer question ends the older, unless somebody else waits for it", async () => {
  const [reading, { begun, read }] = [new Reading(), slow()];
  const asked = [settled(reading.ask("a", form, read)), settled(reading.ask("b", form, read)), settled(reading.ask("b", run, read))];
  const last = settled(reading.ask("c", form, read));
  expect(begun.map(({ watch }) => watch.signal!.aborted)).toEqual([true, false, false]);
  begun[1].end(rows("b"));
  begun[2].end(rows("c"));
  expect([await Promise.all(asked), await last]).toEqual([["AbortError", "b", "b"], "c"]);
});

test("who leaves ends what only he waits for; what is there stays; forgotten, it is read anew, and so is what failed", async () => {
  const [reading, { begun, read }] = [new Reading(), slow()];
  const asked = settled(reading.ask("a", run, read));
  reading.leave(run);
  expect(await asked).toBe("AbortError");
  const again = settled(reading.ask("a", run, read));
  begun[1].end(rows("a"));
  await again;
  reading.leave(run);
  expect([await settled(reading.ask("a", form, read)), begun.length]).toEqual(["a", 2]);
  reading.forget();
  const failing = settled(reading.ask("a", form, read));
  begun[2].fail(new RangeError("no"));
  expect(await failing).toBe("RangeError");
  void settled(reading.ask("a", form, read));
  expect(begun).toHaveLength(4);
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
  const told: Phase[] = [];
  const first = studio.preflight(config(64), (phase) => told.push(phase));
  while (!told.some(({ phase }) => phase === "encoding rows")) await new Promise((resolve) => setTimeout(resolve, 5));
  const second = await studio.preflight(config(48), (phase) => told.push(phase));
  expect((await first).problems).toMatchObject([{ where: "AbortError" }]);
  expect(second.problems).toEqual([]);
  const encoded = told.filter(({ phase }) => phase === "encoding rows");
  expect(encoded.every(({ total, unit }) => total === 6000 && unit === "rows")).toBe(true);
  const after = encoded.slice(encoded.findIndex(({ done }, i) => i > 0 && done < encoded[i - 1].done)).map(({ done }) => done); // of the second
  expect(after.length).toBeGreaterThan(1);
  expect(after).toEqual([...after].sort((a, b) => a - b));
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
