// The browser's shelf in a real browser: records and events in its database, states as files, one holder at a time, and what a crash leaves swept away.
import { type Remote, wrap } from "comlink";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TrainEvent } from "../../src/protocol.ts";
import { newRecord } from "../../src/session/records.ts";
import type { Shelf } from "../../src/session/shelf.ts";
import { firstRun } from "../../src/train/config.ts";

interface Api {
  open(name: string): Promise<Shelf & { hold(id: string): Promise<boolean> }>;
  files(name: string, id: string): Promise<string[]>;
  folders(name: string): Promise<string[]>;
  litter(name: string, id: string): Promise<void>;
  batches(name: string): Promise<[number, number][]>;
  deny(): void;
}

const workers: Worker[] = [];
const start = (): Remote<Api> => {
  const worker = new Worker(new URL("./shelf.worker.ts", import.meta.url), { type: "module" });
  workers.push(worker);
  return wrap<Api>(worker);
};
const name = `test-${Date.now()}`;
let api: Remote<Api>;
let shelf: Awaited<ReturnType<Remote<Api>["open"]>>;
beforeAll(async () => {
  api = start();
  shelf = await api.open(name);
});
afterAll(() => workers.forEach((worker) => worker.terminate()));

const note = (step: number): TrainEvent => ({ type: "note", step, text: "x" });
const notes = (from: number, to: number): TrainEvent[] => Array.from({ length: to - from }, (_, i) => note(from + i));
const bytes = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);

test("events go where they belong, whatever lay there", async () => {
  await shelf.put(newRecord("a", "one", firstRun));
  await shelf.append("a", 0, notes(0, 5));
  await shelf.append("a", 5, notes(5, 9));
  await shelf.append("b", 0, notes(0, 3));
  expect(await shelf.events("a")).toEqual(notes(0, 9));
  // From the middle of a batch on, and nothing.
  await shelf.append("a", 7, [note(70)]);
  expect((await shelf.events("a")).map((e) => (e as { step: number }).step)).toEqual([0, 1, 2, 3, 4, 5, 6, 70]);
  await shelf.append("a", 2, []);
  expect(await shelf.events("a")).toEqual(notes(0, 2));
  await shelf.append("a", 2, notes(2, 4));
  expect(await shelf.events("a")).toEqual(notes(0, 4));
  expect(await shelf.events("b")).toEqual(notes(0, 3));
  expect(await shelf.events("nobody")).toEqual([]);
});

test("a state takes the place of the one before, and is read whole", async () => {
  await shelf.write("a", "last", bytes(100_000, 1));
  await shelf.write("a", "best", bytes(10, 2));
  await shelf.write("a", "last", bytes(50_000, 3));
  const last = new Uint8Array(await (await shelf.read("a", "last"))!.arrayBuffer());
  expect([last.length, last[0], last[49_999]]).toEqual([50_000, 3, 3]);
  expect((await shelf.read("a", "best"))!.size).toBe(10);
  expect(await shelf.read("b", "last")).toBeNull();
  expect(await api.files(name, "a")).toHaveLength(2);
  const room = await shelf.room();
  expect(room.used).toBeGreaterThan(50_000);
  expect(room.quota).toBeGreaterThan(room.used);
});

test("a record is changed field by field; a missing one is not made", async () => {
  await shelf.change("a", { name: "two", deleted: 5 });
  expect(await shelf.record("a")).toMatchObject({ name: "two", deleted: 5, notes: "" });
  await shelf.change("a", { deleted: undefined });
  expect(await shelf.record("a")).not.toHaveProperty("deleted");
  await shelf.change("nobody", { name: "x" });
  expect(await shelf.records()).toHaveLength(1);
});

test("one holder, across tabs, until it lets go or is gone", async () => {
  const other = await start().open(name);
  expect(await shelf.hold("a")).toBe(true);
  expect(await other.hold("a")).toBe(false);
  expect(await other.hold("b")).toBe(true);
  expect([...(await shelf.held())].sort()).toEqual(["a", "b"]);
  workers[1].terminate();
  await expect.poll(async () => [...(await shelf.held())]).toEqual(["a"]);
});

test("what a crash leaves is swept away at the next start; what is held and what is named stays", async () => {
  await shelf.put(newRecord("c", "three", firstRun));
  await shelf.write("c", "last", bytes(20, 4));
  await api.litter(name, "c");
  await api.litter(name, "a");
  const again = await start().open(name);
  expect(await api.files(name, "c")).toEqual([expect.stringMatching(/^last-/)]);
  expect(await api.files(name, "a")).toContain("last-half"); // held by another
  expect(await api.folders(name)).not.toContain("nobody");
  expect(new Uint8Array(await (await again.read("c", "last"))!.arrayBuffer())).toEqual(bytes(20, 4));
  await again.remove("c");
  expect(await again.record("c")).toBeUndefined();
  expect(await api.folders(name)).not.toContain("c");
});

test("where storage is denied, the shelf is in memory and says so", async () => {
  const blocked = start();
  await blocked.deny();
  const memory = await blocked.open(`${name}-denied`);
  expect(await memory.fleeting).toMatch(/keeps nothing for this page \(blocked\)/);
  await memory.put(newRecord("m", "m", firstRun));
  await memory.write("m", "last", bytes(3, 1));
  expect((await memory.read("m", "last"))!.size).toBe(3);
});
