// Comparisons from the session's side: made from a configuration, checked, run, stopped, gone on with by a later session, carried out and in.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import type { ComparisonProgress, KeptComparison, Problem } from "../../src/protocol.ts";
import { memoryComparisons } from "../../src/session/comparison-shelf.ts";
import { diskFile, diskFolder } from "../../src/session/disk.ts";
import { StudioSession, type Surroundings } from "../../src/session/studio.ts";
import { parseConfig } from "../../src/train/config.ts";
import { makeModel, rows, tinyConfig } from "../cli/cli.ts";

const folder = mkdtempSync(join(tmpdir(), "rankscope-comparisons-"));
const models = join(import.meta.dirname, "../../public/models");
beforeAll(() => {
  makeModel(join(folder, "model"));
  writeFileSync(join(folder, "rows.jsonl"), rows.join("\n"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shelf = memoryComparisons(null);
const session = (own: Partial<Surroundings> = {}): StudioSession =>
  new StudioSession({
    context: {
      bundled: (name) => diskFolder(join(models, name), `bundled:${name}`),
      disk: (path) => diskFolder(join(folder, path)),
      dataFile: (path) => diskFile(join(folder, path)),
    },
    device: async () => ({ webgpu: false, adapter: "", software: false, limits: {}, features: [] }),
    backend: () => wasmBackend({ threads: 1 }),
    give: () => {},
    comparisons: async () => shelf,
    ...own,
  });

const { model, data, train } = tinyConfig;
const file = {
  base: { model, data, r: 4, lora_alpha: 8, target_modules: ["q_proj", "o_proj"], train },
  arms: [
    { name: "uniform", config: { r: 2, lora_alpha: 4 } },
    { name: "static", config: { allocation: { budget: { share: 0.5 }, batches: 2 } } },
  ],
  seeds: [0, 1],
};
const good = <T>(answer: T | { problems: Problem[] }): T => {
  if (answer && typeof answer === "object" && "problems" in answer) throw new Error(JSON.stringify(answer.problems));
  return answer as T;
};

test("a suggestion from a configuration: modules of one size, presets at one number of parameters", async () => {
  const studio = session();
  const { comparison, presets, notes } = good(await studio.suggestComparison(parseConfig({ train: { learning_rate: 0.01 } })));
  expect(notes).toEqual([expect.stringContaining("Only q_proj, o_proj are adapted")]);
  expect(comparison.base).toEqual({ target_modules: ["q_proj", "o_proj"], train: { learning_rate: 0.01 } });
  expect(comparison.arms.map((a) => [a.name, a.reference])).toEqual([
    ["uniform r = 2", false],
    ["static grad-norm", false],
    ["dynamic grad-norm", false],
    ["dynamic with shortcuts", false],
    ["full fine-tuning", true],
  ]);
  const { sizes, problems } = await studio.checkComparison({
    ...comparison,
    arms: presets.map(({ name, config, reference }) => ({ name, config, reference })),
  });
  expect(problems).toEqual([]);
  for (const { name, reference } of presets) if (!reference) expect(sizes[name], name).toEqual({ least: 9216, most: 9216 });
  expect(sizes["full fine-tuning"].least).toBeGreaterThan(3e6);
  // An odd rank has no lower one at the same price: 8 stands in.
  expect(good(await studio.suggestComparison(parseConfig({ r: 7, lora_alpha: 7, target_modules: ["q_proj"] }))).notes).toEqual([expect.stringContaining("Rank 8 instead of 7")]); // prettier-ignore

  const arm = good(await studio.armOf(parseConfig({ r: 2, data: { limit: 9 }, train: { learning_rate: 0.02, seed: 4, eval_every: 3 } }), comparison.base));
  expect(arm).toEqual({
    config: { r: 2, target_modules: parseConfig({}).target_modules, train: { learning_rate: 0.02 } },
    left: ["data", "train.eval_every"],
  });
  expect(good(await studio.configOfArm(comparison, "uniform r = 2")).config).toMatchObject({ r: 2, lora_alpha: 4, train: { learning_rate: 0.01, samples_every: 25 } }); // prettier-ignore
});

test("what is wrong is told before anything runs", async () => {
  const studio = session();
  const problem = async (change: object): Promise<string> => {
    const { problems } = await studio.checkComparison({ ...file, ...change });
    return problems.map((p) => `${p.where}: ${p.what}`).join();
  };
  expect(await problem({})).toBe("");
  expect(await problem({ seeds: [] })).toMatch(/^seeds: /);
  expect(await problem({ arms: [file.arms[0], { name: "large", config: { r: 3 } }] })).toMatch(/^arm "large": trains 1,536 .*more than 1 % apart/);
  expect(await problem({ test: "file:gone.jsonl" })).toMatch(/gone\.jsonl/);
  expect(await problem({ base: { ...file.base, model: { source: "file:gone" } } })).toMatch(/gone/);
  expect(await studio.putComparison({ ...file, arms: 3 }, "x")).toMatchObject({ problems: [{ where: "arms" }] });
  expect(await studio.runComparison("gone", () => {})).toMatchObject({ problems: [{ what: "is not there any more" }] });
});

test("runs, is stopped, and a later session goes on; a failed arm stays behind; out and in again", { timeout: 240_000 }, async () => {
  const studio = session({ keepFiles: () => Promise.reject(new Error("the disk is full")) });
  const broken = { name: "broken", config: { r: 2, lora_alpha: 4, train: { steps: 40, learning_rate: 10, weight_decay: 10, lr_scheduler_type: "constant" } } };
  const { record } = good(await studio.putComparison({ ...file, arms: [...file.arms, broken] }, " mine "));
  expect(record.name).toBe("mine");
  const told: ComparisonProgress[] = [];
  let refused: unknown[] = [];
  const first = await studio.runComparison(record.id, (p) => {
    if ("problem" in p) return void (refused = [told.length, p.problem.what]);
    told.push(p);
    if (p.summary?.finished === 1) void studio.stop();
  });
  expect(first).toBeNull();
  // Told at once, and the runs go on.
  expect(refused).toEqual([expect.toBeOneOf([0, 1]), "its files are not kept (the disk is full)"]);
  expect(told.at(-1)!.summary).toMatchObject({ finished: 1, wanted: 6, measure: "exact match" });
  expect(told[0]).toMatchObject({ now: { arm: "uniform", seed: 0 }, left: 6 });

  const later = session();
  const [kept] = (await later.comparisons()).comparisons;
  expect(kept).toMatchObject({ record: { id: record.id }, holder: null, summary: { finished: 1 } });
  let busy: unknown = null;
  const ended: KeptComparison["summary"][] = [];
  await later.runComparison(record.id, (p) => {
    if ("problem" in p) throw new Error(p.problem.what);
    if (p.summary) ended.push(p.summary);
    else busy ??= Promise.all([later.runComparison(record.id, () => {}), studio.runComparison(record.id, () => {}), later.putComparison(file, "x", record.id)]);
  });
  expect(await busy).toMatchObject([
    { problems: [{ what: "a run is going on" }] },
    { problems: [{ what: "is under way in another tab" }] },
    { problems: [{ what: "is under way" }] },
  ]);
  expect(ended.at(-1)).toMatchObject({ finished: 4, wanted: 6 });
  const [uniform, , last] = ended.at(-1)!.arms;
  expect(uniform).toMatchObject({ size: { least: 1024, most: 1024 }, trainable: 1024, points: [{ seed: 0 }, { seed: 1 }] });
  expect(last.failed.map((f) => f.seed)).toEqual([0, 1]);
  expect(ended.at(-1)!.notes.join()).toContain("broken, seed 0, failed: At step");

  // Two seeds of two arms: one more arm is dropped, one more seed is added, and what is there stays.
  const changed = good(await later.putComparison({ ...file, seeds: [1, 0, 5] }, "mine", record.id));
  expect(changed.summary).toMatchObject({ finished: 4, wanted: 6 });
  expect(changed.summary.arms[0].points.map((p) => p.seed)).toEqual([1, 0]);

  const zip = good(await later.exportComparison(record.id));
  expect(zip.name).toBe("mine.zip");
  const files = unzipSync(zip.bytes);
  expect(Object.keys(files).sort()).toEqual(
    ["comparison.json", "plot.svg", "results.json", "table.csv", "table.md", ...["static", "uniform"].flatMap((a) => [0, 1].flatMap((s) => [`runs/${a}.seed-${s}.events.jsonl`, `runs/${a}.seed-${s}.json`]))].sort(), // prettier-ignore
  );
  expect(new TextDecoder().decode(files["runs/static.seed-1.events.jsonl"])).toContain('"type":"allocation"');
  expect(good(await later.exportComparison(record.id, "table.csv"))).toEqual({ name: "mine-table.csv", bytes: files["table.csv"] });
  expect(await later.exportComparison(record.id, "toString")).toMatchObject({ problems: [{ where: "toString" }] });
  const again = good(await later.importComparison(new Blob([files["results.json"] as Uint8Array<ArrayBuffer>]), "results.json"));
  expect(again.summary).toEqual(changed.summary);
  expect(again.record.id).not.toBe(record.id);
  expect(good(await later.importComparison(new Blob([JSON.stringify(file)]), "file.json")).summary.finished).toBe(0);

  expect(await later.deleteComparison(again.record.id)).toBeNull();
  expect((await later.comparisons()).comparisons.map((c) => c.record.name)).not.toContain("results");
  expect(await later.runComparison(again.record.id, () => {})).toMatchObject({ problems: [{ what: "is deleted", hint: "Take it back first." }] });
  expect(await later.undeleteComparison(again.record.id)).toBeNull();
  expect((await later.comparisons()).comparisons.map((c) => c.record.name)).toContain("results");
});

test("what was deleted long ago goes with a new start, but not while another tab has it", async () => {
  const kept = memoryComparisons(null);
  const { record } = good(await session({ comparisons: async () => kept }).putComparison(file, "old"));
  for (const id of ["old", "held"]) await kept.put({ ...record, id, deleted: 1 });
  const release = await kept.hold("held");
  await session({ comparisons: async () => kept }).comparisons();
  expect((await kept.records()).map(({ id }) => id).sort()).toEqual(["held", record.id].sort());
  release!();
});

test("rows that were changed: what was run on those before is run anew, and not mixed in", { timeout: 240_000 }, async () => {
  const path = join(folder, "moving.jsonl");
  writeFileSync(path, rows.join("\n"));
  const studio = session();
  const moving = { ...file, base: { ...file.base, data: { ...data, source: "file:moving.jsonl" } } };
  const { record } = good(await studio.putComparison(moving, "moving"));
  await studio.runComparison(record.id, (p) => {
    if ("summary" in p && p.summary?.finished === 2) void studio.stop();
  });
  writeFileSync(path, [...rows.slice(1), rows[0]].join("\n"));
  const finished: number[] = [];
  await session().runComparison(record.id, (p) => {
    if ("summary" in p && p.summary) finished.push(p.summary.finished);
  });
  // Two arms in turn: of the second one the run on the old rows counts until there is one on the new.
  expect(finished).toEqual([2, 2, 3, 4]);
});

test.each<[string, (json: Record<string, never>) => unknown, number | RegExp]>([
  ["no JSON", () => "{", /is not JSON/],
  ["no comparison", () => ({ runs: [] }), /not a field of a comparison/],
  ["runs that are none", (json) => ({ ...json, runs: [null, 1, { arm: "uniform" }, { arm: "uniform", seed: 0, config: {}, test: null, result: {} }] }), 0],
])("a stranger's file: %s", async (_, change, expected) => {
  const json = { comparison: file, runs: [] } as never;
  const made = change(json);
  const answer = await session().importComparison(new Blob([typeof made === "string" ? made : JSON.stringify(made)]), "odd.json");
  if (typeof expected === "number") expect(good(answer).summary.finished).toBe(expected);
  else expect((answer as { problems: Problem[] }).problems[0].what).toMatch(expected);
});
