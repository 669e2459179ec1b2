// Runs as a zip and back: what comes in is what went out; a stranger's zip is read or refused, run by run, and nothing more.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/formats/error.ts";
import { isObject } from "../../src/formats/source.ts";
import { readZip, zipFolder } from "../../src/formats/zip.ts";
import type { TrainEvent } from "../../src/protocol.ts";
import { RunLibrary } from "../../src/session/library.ts";
import { readEvents } from "../../src/session/read-events.ts";
import { LONGEST, newRecord, readRecord } from "../../src/session/records.ts";
import { plainName, unzipRuns, zipRuns } from "../../src/session/run-zip.ts";
import { memoryShelf } from "../../src/session/shelf.ts";
import { writeCheckpoint } from "../../src/train/checkpoint.ts";
import { firstAllocation, firstRun } from "../../src/train/config.ts";
import { Control } from "../../src/train/control.ts";
import { train } from "../../src/train/trainer.ts";
import { differencesOf } from "../../src/ui/differences.ts";
import { describeRun } from "../../src/ui/runs.ts";
import { backends } from "../harness/backends.ts";
import { dataOf, examples, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { siteInfos } from "../../src/train/subject.ts";

// A real run: its events, and a state of it.
const tiny = await tinyModel();
const config = runConfig({ train: { steps: 4, eval_every: 2 } });
const run = await runOf(await backends.reference(), tiny, config);
const sites = siteInfos(run.target);
const memory = { weights: 0, trainables: 0, gradients: 0, moments: 0, activations: 0, staging: 0, total: 0 };
const events: TrainEvent[] = [{ type: "plan", backend: "reference", adapterName: "x", dispatches: 0, pipelines: 0, trainable: 9, total: 99, memory, sites }]; // prettier-ignore
let bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
await train(run, dataOf(examples(8, 61), examples(2, 61, { seed: 3 }), [[1, 2]]), config, new Control(0.01), (e) => events.push(e), {
  keep: async (c) => void (bytes = writeCheckpoint(c, run, events.length)),
});
const record = { ...newRecord("0123456789", "calm otter", firstRun, 1000), tags: ["a"], notes: "n" };
const text = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const lines = (some: readonly unknown[]): string => some.map((e) => JSON.stringify(e)).join("\n");

test("one run and several: out and in again", async () => {
  const one = await unzipRuns(zipRuns([{ record, events, states: { last: bytes, best: bytes } }]), "a.zip");
  expect(one).toHaveLength(1);
  expect(one[0]).toMatchObject({ record: { name: "calm otter", tags: ["a"], notes: "n", step: 4, state: "finished", last: { step: 4 } }, events, states: { last: bytes } }); // prettier-ignore
  const two = await unzipRuns(zipRuns([{ record, events, states: {} }, { record: { ...record, id: "other", name: "../../etc" }, events: [], states: {} }]), "a.zip"); // prettier-ignore
  expect(two.map((r) => ("record" in r ? r.record.name : r.message)).sort()).toEqual(["../../etc", "calm otter"]);
  expect([...readZip(zipRuns([{ record, events, states: {} }, { record: { ...record, name: "../../etc" }, events: [], states: {} }])).keys()]).toContain("etc-01234567/run.json"); // prettier-ignore
});

test("through a library: new ids, names that are free; what is damaged is told and the rest comes in", async () => {
  const library = new RunLibrary(async () => memoryShelf(null));
  const good = zipRuns([{ record, events, states: { last: bytes } }]);
  expect(await library.import(new Blob([good]))).toEqual({ ids: [expect.any(String)], problems: [] });
  await library.import(new Blob([good]));
  const { runs } = await library.runs();
  expect(runs.map((r) => r.name).sort()).toEqual(["calm otter", "calm otter, copy"]);
  expect(new Set([...runs.map((r) => r.id), record.id]).size).toBe(3);
  expect(await library.events(runs[0].id)).toEqual(events);
  const out = await library.export(runs.map((r) => r.id));
  if ("problems" in out) throw new Error(out.problems[0].what);
  expect(out.name).toBe("2-runs.zip");
  const files = Object.fromEntries(readZip(out.bytes as Uint8Array<ArrayBuffer>));
  const broken = Object.keys(files).find((name) => name.endsWith("events.jsonl"))!;
  const mixed = await library.import(new Blob([zipFolder({ ...files, [broken]: text("{}") })]));
  expect(mixed.ids).toHaveLength(1);
  expect(mixed.problems).toEqual([expect.objectContaining({ where: expect.stringMatching(/events\.jsonl, line 1/) as string, what: "is no event of a run" })]);
  expect((await library.import(new Blob(["hello"]))).problems[0].what).toMatch(/is not a zip/);
  expect((await library.import(new Blob([zipFolder({ "a.txt": "a" })]))).problems[0].what).toMatch(/holds no run/);
});

test("an export of the Train page comes in too, as a run that cannot go on", async () => {
  const zip = zipFolder({ "adapter/adapter_config.json": "{}", "config.json": JSON.stringify(firstRun), "events.jsonl": lines(events), "README.md": "x" });
  const [read] = await unzipRuns(zip, "adapter.zip");
  expect(read).toMatchObject({ record: { name: "imported run", step: 4, last: null, config: firstRun }, states: {} });
});

describe("what a stranger may send", () => {
  const zipped = (files: Record<string, string | Uint8Array>) => unzipRuns(zipFolder({ "run.json": JSON.stringify(record), "events.jsonl": lines(events), ...files }), "x.zip"); // prettier-ignore
  test.each<[string, Record<string, string | Uint8Array>, RegExp]>([
    ["a record that is none", { "run.json": "[]" }, /run\.json: is JSON, but not an object/],
    ["a record without an id", { "run.json": "{}" }, /is no record of a run/],
    ["a line that is no JSON", { "events.jsonl": `${lines(events.slice(0, 1))}\n{` }, /events\.jsonl, line 2: is not JSON/],
    ["an event with a text for a number", { "events.jsonl": lines([{ ...events[0], trainable: "9" }]) }, /line 1: is no event/],
    ["a step before the beginning", { "events.jsonl": lines([{ type: "note", step: -3, text: "" }]) }, /is no event/],
    ["norms of other modules", { "events.jsonl": lines([events[0], { type: "sites", step: 1, gradNorm: [1], deltaNorm: [1] }]) }, /other modules than the 14/],
    ["a state that is none", { "checkpoints/last.safetensors": "x" }, /last\.safetensors: is 1 bytes long/],
    ["a state beyond the log", { "checkpoints/last.safetensors": bytes, "events.jsonl": lines(events.slice(0, 2)) }, /has 2 events, last\.safetensors follows/],
    ["no UTF-8", { "events.jsonl": Uint8Array.of(0x22, 0xff) }, /is not UTF-8/],
  ])("%s", async (_, files, message) => {
    const [read] = await zipped(files);
    expect(read).toBeInstanceOf(FormatError);
    expect((read as FormatError).message).toMatch(message);
  });

  test("settings of another version are kept readable; long texts are cut; unknown events are left out", async () => {
    const [read] = await zipped({
      "run.json": JSON.stringify({ ...record, name: "n".repeat(5000), tags: Array(500).fill("t".repeat(500)), config: { colour: 1 } }),
      "events.jsonl": lines([...events, { type: "from the future", step: 5 }, { ...events.at(-1), more: 1 }]),
    });
    if (read instanceof FormatError) throw read;
    expect(read.record.name).toHaveLength(LONGEST.name);
    expect(read.record.tags).toEqual(["t".repeat(LONGEST.tag)]);
    expect(readRecord(read.record)!.problem).toMatch(/another version.*colour/);
    expect(read.events).toEqual([...events, events.at(-1)]);
  });

  const good = zipRuns([{ record, events, states: { last: bytes } }]);
  test("bytes changed anywhere in the zip", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }), fc.nat(good.length), async (changes, cut) => {
        const zip = good.slice(0, cut % 4 ? good.length : cut);
        for (const [at, value] of changes) if (at < zip.length) zip[at] = value;
        const read = await unzipRuns(zip, "x.zip").catch((e: unknown) => [e]);
        for (const one of read) if (one instanceof Error) expect(one).toBeInstanceOf(FormatError);
      }),
      { numRuns: 200 },
    );
  });

  test("any JSON as record and as events", async () => {
    const value = fc.oneof(fc.json(), fc.jsonValue({ maxDepth: 3 }).map((x) => JSON.stringify(x))); // prettier-ignore
    const near = fc
      .tuple(fc.constantFrom(...events), fc.constantFrom("step", "loss", "sites", "type", "metrics", "gradNorm", "state"), fc.jsonValue())
      .map(([e, key, x]) => JSON.stringify({ ...e, [key]: x }));
    await fc.assert(
      fc.asyncProperty(value, fc.array(fc.oneof(value, near), { maxLength: 4 }), async (given, log) => {
        const read = await unzipRuns(zipFolder({ "run.json": given, "events.jsonl": log.join("\n") }), "x.zip");
        for (const one of read) if (one instanceof Error) expect(one).toBeInstanceOf(FormatError);
      }),
      { numRuns: 300 },
    );
  });

  test("records of any shape are read or left out", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...Object.keys(record)), fc.jsonValue())), (value) => {
        const read = readRecord(value);
        if (!read) return;
        expect(read.record.name.length).toBeLessThanOrEqual(LONGEST.name);
        expect(Array.isArray(read.record.curve)).toBe(true);
        expect(isObject(read.record.config)).toBe(true);
        JSON.stringify(read);
      }),
    );
  });

  test("settings of any shape are listed as settings, and kept as they came", async () => {
    const odd = { colour: "red", r: 3, lora_alpha: "much", train: { steps: { toLocaleString: 1 }, learning_rate: 0.5, pace: 2 }, allocation: { budget: [] } };
    const library = new RunLibrary(async () => memoryShelf(null));
    for (const config of [odd, null, "x", [], { model: null, data: 1, train: [], rank_pattern: null }]) {
      const zip = zipFolder({ "run.json": JSON.stringify({ id: "x", config }), "events.jsonl": lines(events) });
      const { ids } = await library.import(new Blob([zip]));
      const { runs } = await library.runs();
      const shown = runs.find(({ id }) => id === ids[0])!;
      if (isObject(config)) expect(shown.problem).toMatch(/settings are of another version/);
      expect(shown.config).toMatchObject({
        model: firstRun.model,
        data: firstRun.data,
        lora_alpha: firstRun.lora_alpha,
        train: { steps: firstRun.train.steps },
      });
      expect(describeRun({ allocators: [] }, shown.config)).toBeTruthy();
      expect(differencesOf([firstRun, shown.config])).toBeTruthy();
      if (config !== odd) continue;
      expect(shown.config).toMatchObject({ colour: "red", r: 3, train: { learning_rate: 0.5, pace: 2 }, allocation: firstAllocation });
      const out = await library.export(ids);
      if ("problems" in out) throw new Error(out.problems[0].what);
      expect(JSON.parse(new TextDecoder().decode(readZip(out.bytes as Uint8Array<ArrayBuffer>).get("config.json")))).toEqual(odd);
    }
  });

  test("too much of everything", () => {
    expect(() => readEvents(text(lines([{ type: "note", step: 1, text: "x".repeat(200_000) }])), "e")).toThrow(FormatError);
    expect(plainName("∕..∕ ").length).toBeGreaterThan(0);
  });
});
