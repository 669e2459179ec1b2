// library.test.ts — kept runs while something else goes on: a disk that is full, another tab that has them, a run that grows while it is carried out.

import { expect, test } from "vitest";
import type { RunConfig, TrainEvent } from "../../src/protocol.ts";
import { RunLibrary } from "../../src/session/library.ts";
import { newRecord } from "../../src/session/records.ts";
import { type Shelf, memoryShelf } from "../../src/session/shelf.ts";
import { type Checkpoint, writeCheckpoint } from "../../src/train/checkpoint.ts";
import { firstRun } from "../../src/train/config.ts";
import { Control } from "../../src/train/control.ts";
import { train } from "../../src/train/trainer.ts";
import { backends } from "../harness/backends.ts";
import { dataOf, examples, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";

const note = (step: number): TrainEvent => ({ type: "note", step, text: "" });
const steps = (n: number): RunConfig => ({ ...firstRun, train: { ...firstRun.train, steps: n } });
const shelfWith = async (...ids: string[]): Promise<Shelf> => {
  const shelf = memoryShelf(null);
  for (const id of ids) await shelf.put(newRecord(id, id, steps(10)));
  return shelf;
};

test("where the disk is full when a run goes on, its new settings are kept as soon as there is room", async () => {
  const shelf = await shelfWith("a");
  let full = true;
  const change: Shelf["change"] = (...a) => (full ? Promise.reject(new Error("no room")) : shelf.change(...a));
  const told: TrainEvent[] = [];
  const { begin } = await new RunLibrary(async () => ({ ...shelf, change })).goOn("a");
  const keeper = begin(steps(99), (e) => void told.push(e));
  keeper.add({ type: "step", step: 1, loss: 1, learningRate: 1, gradNorm: 1, tokens: 1, ms: 1, time: 1 });
  await keeper.flush();
  expect(told).toEqual([expect.objectContaining({ text: expect.stringMatching(/Storage refuses the run \(no room\)/) as string })]);
  full = false;
  await keeper.close();
  expect(await shelf.record("a")).toMatchObject({ config: steps(99), step: 1 });
});

test("a deleted run that is gone on with is there again", async () => {
  const shelf = await shelfWith("a");
  const library = new RunLibrary(async () => shelf);
  await library.delete("a");
  const keeper = (await library.goOn("a")).begin(steps(10), () => {});
  await library.sweep();
  keeper.add({ type: "step", step: 1, loss: 1, learningRate: 1, gradNorm: 1, tokens: 1, ms: 1, time: 1 });
  await keeper.close();
  const { runs } = await library.runs();
  expect(runs).toMatchObject([{ id: "a", step: 1 }]);
  expect(runs[0].deleted).toBeUndefined();
});

test("deleted runs go for good, but not those that another tab has", async () => {
  const shelf = await shelfWith("a", "b");
  const library = new RunLibrary(async () => shelf);
  for (const id of ["a", "b"]) await library.delete(id);
  const release = await shelf.hold("b");
  await library.sweep();
  expect((await library.runs()).runs.map(({ id }) => id)).toEqual(["b"]);
  release!();
  await library.sweep();
  expect((await library.runs()).runs).toEqual([]);
});

test("a run that grows while it is carried out or copied comes whole", async () => {
  const config = runConfig({ train: { steps: 2, eval_every: 0 } });
  const run = await runOf(await backends.reference(), await tinyModel(), config);
  let state: Checkpoint | null = null;
  await train(run, dataOf(examples(8, 61), [], []), config, new Control(0.01), () => {}, { keep: async (c) => void (state = c) });
  const shelf = await shelfWith("a");
  let length = 0;
  /** As a keeper does: the log, then a state that follows it. */
  const grow = async (): Promise<void> => {
    await shelf.append("a", length, [note(2)]);
    await shelf.write("a", "last", writeCheckpoint(state!, run, ++length));
  };
  const growing = <A extends unknown[], R>(fn: (...a: A) => Promise<R>) => async (...a: A): Promise<R> => {
    const answer = await fn(...a);
    await grow();
    return answer;
  }; // prettier-ignore
  await grow();
  const library = new RunLibrary(async () => ({ ...shelf, events: growing(shelf.events), read: growing(shelf.read), record: growing(shelf.record) }));
  const zip = await library.export(["a"]);
  if ("problems" in zip) throw new Error(zip.problems[0].what);
  expect(await library.import(new Blob([zip.bytes as BlobPart]))).toMatchObject({ ids: [expect.any(String)], problems: [] });
  const copy = await library.duplicate("a");
  if ("problems" in copy) throw new Error(copy.problems[0].what);
  await (await library.goOn(copy.id)).release();
});

test("a long log in memory", async () => {
  const shelf = await shelfWith("a");
  const log = Array.from({ length: 300_000 }, (_, i) => note(i));
  await shelf.append("a", 0, log.slice(0, 2));
  await shelf.append("a", 1, log);
  expect((await shelf.events("a")).map(({ step }: any) => step)).toEqual([0, ...log.keys()]); // eslint-disable-line typescript/no-explicit-any
});
