// A file given to the page: its columns tell the task and nothing of the file before is left; a page of rows is turned.
import { expect, test } from "vitest";
import type { DataColumns, DataPreview, RunConfig } from "../../src/protocol.ts";
import { createStudio } from "../../src/ui/store.ts";
import { catalogue, first, preview, ReplaySession } from "./fixture.ts";

const file = (name: string) => [{ name, bytes: new Blob(["x"]) }];
/** By task: what the columns of the file are taken for; absent: it has none. */
type Known = Partial<Record<RunConfig["model"]["task"], DataColumns["format"]>>;

function studio(known: Known, config: RunConfig = first) {
  const session = new ReplaySession(1);
  const asked: [rows: number, first: number | undefined][] = [];
  session.preview = async (_config, rows?: number, from?: number): Promise<DataPreview> => {
    asked.push([rows!, from]);
    return { ...preview, first: from ?? 0 };
  };
  session.dataColumns = async ({ model: { task } }) => {
    const format = known[task];
    return format === undefined ? {} : { columns: { columns: [], format, mapping: {} } };
  };
  return { store: createStudio(session, catalogue, config), asked };
}
const labelled: RunConfig = {
  ...first,
  model: { ...first.model, task: "classification" },
  data: { ...first.data, format: "text", columns: { label: "stars" } },
};

test.each<[name: string, known: Known, before: RunConfig, task: RunConfig["model"]["task"]]>([
  ["reviews.csv", { "causal-lm": "classification" }, first, "classification"],
  ["mrpc.tsv", { "causal-lm": null, classification: "classification" }, first, "classification"],
  ["qa.csv", { "causal-lm": "alpaca" }, labelled, "causal-lm"],
  ["odd.csv", { "causal-lm": null, classification: null }, first, "causal-lm"],
  ["chat.jsonl", { "causal-lm": "messages" }, labelled, "causal-lm"],
  ["labels.jsonl", { "causal-lm": "classification" }, labelled, "classification"],
  ["labels.jsonl", { "causal-lm": "classification" }, first, "causal-lm"],
  ["tale.txt", {}, first, "causal-lm"],
])("%s, %j", async (name, known, before, task) => {
  const { store } = studio(known, before);
  await store.getState().give("data", name, file(name));
  const { config, given } = store.getState();
  expect(config.model.task).toBe(task);
  expect(config.data).toMatchObject({ source: `file:${name}`, format: "auto", columns: null });
  expect(given.data).toEqual([name]);
});

test("rows to evaluate on stand beside the data", async () => {
  const { store } = studio({});
  await store.getState().give("evaluation", "held.jsonl", file("held.jsonl"));
  expect(store.getState().config.data).toEqual({ ...first.data, eval_source: "file:held.jsonl" });
  expect(store.getState().given.data).toEqual(["held.jsonl"]);
});

test("a file of the same name is looked at again", async () => {
  const { store, asked } = studio({});
  await store.getState().give("data", "a.jsonl", file("a.jsonl"));
  const before = asked.length;
  await store.getState().give("data", "a.jsonl", file("a.jsonl"));
  expect(asked.length).toBe(before + 1);
});

test("a page is turned; one that comes too late is not shown", async () => {
  const { store, asked } = studio({});
  await store.getState().refresh();
  await store.getState().turnTo(8);
  expect(asked.at(-1)).toEqual([8, 8]);
  expect((store.getState().preview as DataPreview).first).toBe(8);
  const late = store.getState().turnTo(16);
  store.getState().edit("data.max_length", 32);
  await Promise.all([late, store.getState().refresh()]);
  expect((store.getState().preview as DataPreview).first).toBe(0);
});
