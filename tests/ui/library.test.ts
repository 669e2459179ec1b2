// The Runs page's state and its pure parts: choosing, reading logs once, refusals that are shown, differences of settings, how long ago, names.
import { expect, test } from "vitest";
import { copyName, runName } from "../../src/session/run-names.ts";
import { differencesOf, outcomesOf } from "../../src/ui/differences.ts";
import { ago } from "../../src/ui/format.ts";
import { createLibrary, cutOff, mostCompared, present } from "../../src/ui/library.ts";
import { replay } from "../../src/ui/runs.ts";
import { createStudio } from "../../src/ui/store.ts";
import { catalogue, dynamicRun, eventLog, first, ReplaySession } from "./fixture.ts";

function library() {
  const session = new ReplaySession(1);
  for (let i = 0; i < 8; i++) session.keep(`r${i}`, `run ${i}`, first, eventLog(first, 2));
  const store = createStudio(session, catalogue, first);
  return { session, store, library: createLibrary(session, store) };
}

test("at most six are compared; the log of each is read once, and again when it has grown", async () => {
  const { session, library: l } = library();
  let reads = 0;
  const { runEvents } = session;
  session.runEvents = (id) => (reads++, runEvents(id));
  await l.getState().refresh();
  for (let i = 0; i < 8; i++) l.getState().choose(`r${i}`, true);
  await l.getState().view();
  expect(l.getState().chosen).toEqual(["r2", "r3", "r4", "r5", "r6", "r7"]);
  expect(mostCompared).toBe(6);
  reads = 0;
  await l.getState().view();
  expect(reads).toBe(0);
  session.kept[4].run.changed++;
  await l.getState().refresh();
  await l.getState().view();
  expect(reads).toBe(1);
  await l.getState().remove("r4");
  expect(l.getState().chosen).toHaveLength(5);
  expect(present(l.getState().kept)).toHaveLength(7);
});

test("what the session refuses is a fault of the page", async () => {
  const { session, store, library: l } = library();
  session.changeRun = async () => ({ problems: [{ where: "run 1", what: "is under way", hint: "Change it in the tab that has it.", level: "error" }] });
  await l.getState().change("r1", { name: "x" });
  session.duplicateRun = () => Promise.reject(new Error("no room"));
  await l.getState().duplicate("r1");
  expect(store.getState().faults.map(({ what }) => what)).toEqual(["is under way", "no room"]);
});

test("a run is looked at as it was; one that was cut off is not under way", async () => {
  const { session, store, library: l } = library();
  session.keep("cut", "cut", first, eventLog(first, 2).slice(0, 80), { state: "running" });
  await l.getState().refresh();
  const run = present(l.getState().kept).find(({ id }) => id === "cut")!;
  expect(cutOff(run)).toBe(true);
  expect(cutOff({ ...run, holder: "elsewhere" })).toBe(false);
  await store.getState().lookAt(run);
  expect(store.getState()).toMatchObject({ run: { state: "stopped", kept: { id: "cut", name: "cut" } }, lookedAt: { id: "cut" }, runConfig: first });
  await store.getState().continueRun(run, { steps: 200 });
  expect(store.getState()).toMatchObject({ lookedAt: null, runConfig: { train: { steps: 200 } } });
  expect(store.getState().runs.map(({ id }) => id)).toEqual(["cut"]);
});

test("settings that differ, also where one is of another version", () => {
  expect(differencesOf([first, { ...first, r: 4 }])).toEqual([["r", ["8", "4"]]]);
  const paths = differencesOf([first, dynamicRun]).map(([path]) => path);
  expect(paths).toContain("allocation.proxy");
  expect(paths).not.toContain("train.steps");
  expect(differencesOf([first, { colour: ["red"] } as never]).find(([path]) => path === "colour")).toEqual(["colour", ["–", "red"]]);
  expect(differencesOf([first, structuredClone(first)])).toEqual([]);
  expect(differencesOf([first, { colour: undefined } as never]).find(([path]) => path === "colour")).toEqual(["colour", ["–", "undefined"]]);
  // Maps, whatever the order of their keys.
  const ranks = (r: number, keys = [0, 1, 2, 3, 4]) => ({ ...first, rank_pattern: Object.fromEntries(keys.map((i) => [`model.layers.${i}.self_attn.v_proj`, i === 4 ? r : 2])) }); // prettier-ignore
  expect(differencesOf([ranks(4), ranks(16)])).toEqual([["rank_pattern.model.layers.4.self_attn.v_proj", ["4", "16"]]]);
  expect(differencesOf([ranks(4), ranks(4, [4, 3, 2, 1, 0])])).toEqual([]);
  // What differs far behind is what is shown.
  const asked = (end: string) => ({ ...first, data: { ...first.data, system: `${"Answer in one word. ".repeat(10)}${end}` } });
  expect(differencesOf([asked("Be kind."), asked("Be brief.")])).toEqual([["data.system", ["…wer in one word. Be kind.", "…wer in one word. Be brief."]]]);
});

test("results of a run, and of one that has none", () => {
  const rows = outcomesOf([
    { run: replay(eventLog(first, 2)), record: { trainable: 162_816 } },
    { run: replay([]), record: { trainable: 0 } },
  ]);
  const of = (title: string) => rows.find(([t]) => t.startsWith(title))![1];
  expect(of("steps")).toEqual(["120", "0"]);
  expect(of("trained")).toEqual(["162,816", "–"]);
  expect(of("training time")).toEqual(["4 s", "–"]);
});

test("how long ago", () => {
  const now = Date.UTC(2026, 5, 15, 12);
  const minute = 60_000;
  expect([0, 5, 130, 60 * 30, 60 * 24 * 3, 60 * 24 * 30].map((m) => ago(now - m * minute, now))).toEqual([
    "just now",
    "5 min ago",
    "2 h ago",
    "yesterday",
    "3 days ago",
    "May 16, 2026",
  ]);
});

test("names are free, also when all are taken", () => {
  expect(runName(new Set(), () => 0)).toBe("amber badger");
  expect(runName(new Set(["amber badger"]), () => 0)).toBe("amber badger 2");
  expect(copyName("a", new Set(["a"]))).toBe("a, copy");
  expect(copyName("a, copy", new Set(["a", "a, copy"]))).toBe("a, copy 2");
});
