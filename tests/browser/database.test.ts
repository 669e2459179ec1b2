// The browser's database as an earlier version of the page has left it: its runs are still there, and so is everything of them.
import { wrap } from "comlink";
import Dexie from "dexie";
import { afterAll, expect, test, vi } from "vitest";
import type { TrainEvent } from "../../src/protocol.ts";
import { browserSurroundings } from "../../src/session/browser.ts";
import { browserComparisons } from "../../src/session/browser-comparisons.ts";
import { browserShelf } from "../../src/session/browser-shelf.ts";
import { openDatabase } from "../../src/session/database.ts";
import { RunLibrary } from "../../src/session/library.ts";
import type { Shelf } from "../../src/session/shelf.ts";
import { firstRun } from "../../src/train/config.ts";

const name = `test-old-${Date.now()}`;
const worker = new Worker(new URL("./shelf.worker.ts", import.meta.url), { type: "module" });
afterAll(async () => {
  worker.terminate();
  await Dexie.delete(name);
});

/** As version 1 wrote it: without fields that came later. */
const { template: _, system: __, ...data } = firstRun.data;
const { group_by_length: ___, ...train } = firstRun.train;
const old = {
  version: 1,
  id: "old",
  name: "calm otter",
  notes: "",
  tags: ["kept"],
  created: 1000,
  changed: 2000,
  config: { ...firstRun, data, train },
  state: "stopped",
  step: 7,
  backend: "wasm",
  trainable: 9216,
  last: { step: 7, bytes: 3 },
  best: null,
  evaluated: { loss: 1.5, metric: 0.25 },
  curve: [[1, 2.5]],
};
const log: TrainEvent[] = [
  { type: "state", state: "running", step: 0 },
  { type: "note", step: 7, text: "x" },
];

test("a database of version 1 is brought to this one with its runs", async () => {
  const before = new Dexie(name);
  before.version(1).stores({ runs: "id", events: "[run+from]", states: "[run+which]" });
  await before.table("runs").put(old);
  await before.table("events").put({ run: "old", from: 0, events: log });
  await before.table("states").put({ run: "old", which: "last", name: "last-1", bytes: 3 });
  before.close();
  const root = await navigator.storage.getDirectory();
  const folder = await (await root.getDirectoryHandle(`runs-${name}`, { create: true })).getDirectoryHandle("old", { create: true });
  const file = await (await folder.getFileHandle("last-1", { create: true })).createWritable();
  await file.write(Uint8Array.of(1, 2, 3));
  await file.close();

  const opened = openDatabase(name);
  const shelf = await browserShelf(() => opened);
  expect(shelf.fleeting).toBeNull();
  const { runs } = await new RunLibrary(async () => shelf).runs();
  expect(runs).toEqual([{ ...old, config: firstRun, holder: null }]); // and no problem: it can go on
  expect(await shelf.events("old")).toEqual(log);
  expect(new Uint8Array(await (await shelf.read("old", "last"))!.arrayBuffer())).toEqual(Uint8Array.of(1, 2, 3));

  // The same connection keeps comparisons, which version 1 did not have.
  const comparisons = await browserComparisons(() => opened);
  expect([comparisons.fleeting, await comparisons.records()]).toEqual([null, []]);
  (await opened).close();

  // Written on by the page of now, in a worker.
  const api = wrap<{ open(name: string): Promise<Shelf> }>(worker);
  const now = await api.open(name);
  await now.append("old", 2, [{ type: "note", step: 8, text: "y" }]);
  expect((await now.events("old")).length).toBe(3);
});

test("runs and comparisons are kept through one connection", async () => {
  const open = vi.spyOn(IDBFactory.prototype, "open");
  const { shelf, comparisons } = browserSurroundings(new URL("/", location.href));
  expect([(await shelf!()).fleeting, (await comparisons!()).fleeting]).toEqual([null, null]);
  expect(open.mock.calls.map(([database]) => database)).toEqual(["rankscope"]);
  open.mockRestore();
});
