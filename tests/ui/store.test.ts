// The store over a replayed session: it starts, folds, refuses, and shows failures of the session.
import { expect, test } from "vitest";
import { blockers, createStudio, unchecked } from "../../src/ui/store.ts";
import { rankedAs } from "../../src/ui/fold.ts";
import { describeRun, replay } from "../../src/ui/runs.ts";
import { scoresOf } from "../../src/ui/scoring.ts";
import { catalogue, dynamicRun, first, ReplaySession } from "./fixture.ts";

const studio = (session = new ReplaySession(1)) => ({ session, store: createStudio(session, catalogue, first) });

test("train folds the whole log into the run and then asks again", async () => {
  const { store } = studio();
  await store.getState().refresh();
  await store.getState().train();
  const { run, runConfig, preflight } = store.getState();
  expect(run.state).toBe("finished");
  expect(run.steps.length).toBe(first.train.steps);
  expect(runConfig).toEqual(first);
  expect(preflight!.sites).toHaveLength(42);
});

test("a configuration with problems does not start", async () => {
  const { session, store } = studio();
  store.getState().edit("target_modules", []);
  await store.getState().refresh();
  expect(blockers(store.getState()).map((problem) => problem.where)).toEqual(["target_modules"]);
  await store.getState().train();
  expect(session.calls).toEqual([]);
});

test("a text that is no number does not start, and a number takes its place", async () => {
  const { session, store } = studio();
  await store.getState().refresh();
  store.getState().markInvalid("r", "A whole number from 1.");
  await store.getState().train();
  expect(session.calls).toEqual([]);
  store.getState().edit("r", 4);
  expect(blockers(store.getState())).toEqual([]);
});

test("two ranks set before the next preflight are both kept", async () => {
  const { store } = studio();
  await store.getState().refresh();
  const [a, b] = store.getState().sites.map((site) => site.name);
  store.getState().setRank([a], 0);
  store.getState().setRank([b], 0);
  const { config, sites } = store.getState();
  expect(config.target_modules).not.toContain(a);
  expect(config.target_modules).not.toContain(b);
  expect(sites.filter((site) => site.r === 0)).toHaveLength(2);
});

test("a rejected call fails the run and keeps configuration and results", async () => {
  const session = new ReplaySession(1);
  session.train = async (_config, onEvents) => {
    onEvents([
      { type: "state", state: "running", step: 0 },
      { type: "step", step: 1, loss: 5, learningRate: 1, gradNorm: 1, tokens: 1, ms: 1, time: 1 },
    ]);
    throw new Error("the device is gone");
  };
  const { store } = studio(session);
  await store.getState().refresh();
  await store.getState().train();
  const { run, config, faults } = store.getState();
  expect(run.state).toBe("failed");
  expect(run.steps.length).toBe(1);
  expect(config).toEqual(first);
  expect(faults[0]).toMatchObject({ what: "the device is gone", where: "train" });
});

test("an answer to an older configuration is dropped", async () => {
  const { session, store } = studio();
  const preflight = session.preflight;
  let release = () => {};
  session.preflight = async (config) => {
    if (config.r === 8) await new Promise<void>((resolve) => (release = resolve));
    return preflight(config);
  };
  const slow = store.getState().refresh();
  store.getState().edit("r", 2);
  await store.getState().refresh();
  release();
  await slow;
  expect(store.getState().preflight!.sites[0].r).toBe(2);
});

test("scores drive the allocation as the budget moves, and are dropped when they no longer hold", async () => {
  const { session, store } = studio();
  store.getState().replaceConfig(dynamicRun, "another");
  await store.getState().refresh();
  await store.getState().score();
  expect(session.calls).toEqual(["score grad-norm"]);
  const on = () => store.getState().allocated!.ranks.filter((r) => r > 0).length;
  expect(on()).toBe(10);
  store.getState().edit("allocation.budget", { modules: 3 });
  await store.getState().allocate();
  expect(on()).toBe(3);
  store.getState().edit("train.steps", 7);
  await store.getState().allocate();
  expect(on()).toBe(3);
  store.getState().edit("r", 4);
  await store.getState().allocate();
  expect(store.getState().allocated).toBeNull();
  expect(scoresOf(store.getState().scoring, store.getState().config)).toBeNull();
});

test("the ranks of an allocation in a new run: fixed, as PEFT reads them", async () => {
  const { store } = studio();
  store.getState().replaceConfig(dynamicRun, "another");
  await store.getState().refresh();
  await store.getState().score();
  const { sites, allocated } = store.getState();
  store.getState().useRanks(rankedAs(sites, allocated!.ranks));
  const { config } = store.getState();
  expect(config.allocation).toBeNull();
  expect(config.target_modules).toEqual(sites.filter((_, i) => allocated!.ranks[i] > 0).map(({ name }) => name));
  await store.getState().refresh();
  expect(store.getState().sites.map(({ r }) => r)).toEqual(allocated!.ranks);
});

test("ranks by hand begin with those shown, are asked of the session without scores, and are taken back one by one", async () => {
  const { session, store } = studio();
  store.getState().replaceConfig(dynamicRun, "another");
  await store.getState().refresh();
  await store.getState().score();
  const shown = store.getState().allocated!.ranks;
  store.getState().edit("allocation.allocator", "manual");
  const { sites, config } = store.getState();
  expect(sites.map(({ name }) => config.allocation!.ranks[name])).toEqual(shown);
  await store.getState().allocate();
  expect(store.getState().allocated!.ranks).toEqual(shown);

  const [on, off] = [shown.findIndex((r) => r > 0), shown.indexOf(0)];
  store.getState().setRank([sites[on].name], 4);
  store.getState().setRank([sites[off].name], 2);
  expect(store.getState().config.rank_pattern).toEqual({});
  expect(store.getState().config.allocation!.ranks).toMatchObject({ [sites[on].name]: 4, [sites[off].name]: 2 });
  store.getState().undo();
  expect(store.getState().config.allocation!.ranks).toMatchObject({ [sites[on].name]: 4, [sites[off].name]: 0 });
  store.getState().undo();
  store.getState().undo();
  expect(store.getState().config.allocation).toEqual(dynamicRun.allocation);
  expect(session.calls).toEqual(["score grad-norm"]);
});

test("undo takes back what decides the ranks and leaves the rest; a slider is one change; another model ends it", async () => {
  const { store } = studio();
  await store.getState().refresh();
  const begin = store.getState().config;
  store.getState().replaceConfig(dynamicRun, "another");
  for (const share of [0.3, 0.4, 0.5]) store.getState().edit("allocation.budget", { share });
  store.getState().edit("train.steps", 7);
  expect(store.getState().past).toHaveLength(2);
  store.getState().undo();
  expect(store.getState().config).toEqual({ ...dynamicRun, train: { ...dynamicRun.train, steps: 7 } });
  store.getState().undo();
  expect(store.getState().config).toEqual({ ...begin, train: { ...begin.train, steps: 7 } });
  store.getState().undo();
  store.getState().edit("r", 4);
  // As a file does that is dropped.
  store.getState().edit("model.task", first.model.task);
  expect(store.getState().past).toHaveLength(1);
  store.getState().edit("model.source", "file:other");
  expect(store.getState().past).toEqual([]);
});

test("a form that was overwritten as a whole comes back, and forth again; another change ends the way forth", async () => {
  const { store } = studio();
  await store.getState().refresh();
  const [low] = catalogue.presets.slice(1);
  const other = { ...low.config, model: { ...first.model, source: "file:other" }, data: { ...first.data, max_length: 32 } };
  store.getState().edit("r", 4);
  store.getState().replaceConfig(other, "other");
  store.getState().replaceConfig(first, "all reset");
  const what = (list: "past" | "future") => store.getState()[list].map((one) => [one.what, one.whole]);
  const rank = [{ field: "r" }, false];
  expect(what("past")).toEqual([rank, ["other", true], ["all reset", true]]);
  store.getState().undo();
  expect(store.getState().config).toEqual(other);
  store.getState().undo();
  expect(store.getState().config).toEqual({ ...first, r: 4 });
  store.getState().undo();
  expect(store.getState().config).toEqual(first);
  expect(what("future")).toEqual([["all reset", true], ["other", true], rank]);
  for (const config of [{ ...first, r: 4 }, other, first]) {
    store.getState().redo();
    expect(store.getState().config).toEqual(config);
  }
  store.getState().redo();
  store.getState().undo();
  // The same form again is no change.
  store.getState().replaceConfig(other, "the same");
  expect(what("future")).toEqual([["all reset", true]]);
  store.getState().edit("train.steps", 7);
  expect(what("future")).toEqual([]);
  store.getState().undo();
  expect(store.getState().config).toEqual({ ...first, r: 4, train: { ...first.train, steps: 7 } });
});

test("settings from a file are one change; rows and broken files leave the form as it was", async () => {
  const { store } = studio();
  const open = (content: unknown, name = "mine.json") =>
    store.getState().openSettings(new Blob([typeof content === "string" ? content : JSON.stringify(content)]), name);
  expect(await open({ r: 2, train: { steps: 9 } })).toBe(true);
  expect(store.getState().config).toMatchObject({ r: 2, train: { steps: 9, batch_size: 5 } });
  expect(store.getState().past.map(({ what }) => what)).toEqual(["settings of mine.json"]);
  store.getState().undo();
  expect(store.getState().config).toEqual(first);
  expect(await open('[{ "prompt": "a", "completion": "b" }]')).toBe(false);
  expect(await open({ r: 2, lerning_rate: 1 })).toBe(true);
  expect(store.getState().faults).toMatchObject([{ what: "is not a field of a configuration", where: "mine.json, lerning_rate" }]);
  expect(store.getState().config).toEqual(first);
});

test("nothing starts before the session has said what it would be; where it cannot say, it may be tried", async () => {
  const { session, store } = studio();
  expect(unchecked(store.getState())).toBe(true);
  await store.getState().train();
  store.getState().edit("allocation", { ...catalogue.allocation });
  await store.getState().score();
  expect(session.calls).toEqual([]);
  session.preflight = () => Promise.reject(new Error("lost"));
  await store.getState().refresh();
  expect(unchecked(store.getState())).toBe(false);
});

test("ranks where there are shortcuts: an allocation by hand that pays for them all, since no rank_pattern names a shortcut", async () => {
  const { store } = studio();
  store.getState().replaceConfig({ ...dynamicRun, allocation: { ...dynamicRun.allocation!, shortcuts: "separated" } }, "another");
  await store.getState().refresh();
  const cut = { ...store.getState().sites[0], name: "model.layers.0.residual_1", module: "residual_1", kind: "residual" as const, r: 8, in: 192, out: 192 };
  const sites = [...store.getState().sites, cut];
  store.setState({ sites });
  store.getState().useRanks(rankedAs(sites, sites.map((_, i) => (i % 3 ? 0 : 8)))); // prettier-ignore
  const { config } = store.getState();
  expect(config.target_modules).toEqual(first.target_modules);
  expect(config.allocation).toMatchObject({ allocator: "manual", when: "static", shortcuts: "combined", locked: [], excluded: [] });
  expect(Object.values(config.allocation!.ranks).filter((r) => r === 8)).toHaveLength(15);
  const parameters = sites.reduce((sum, site, i) => sum + (i % 3 ? 0 : 8 * (site.in + site.out)), 0);
  expect(config.allocation!.budget).toEqual({ parameters });
  store.getState().undo();
  expect(store.getState().config.allocation!.shortcuts).toBe("separated");
  store.getState().setRank([cut.name], 2);
  expect(store.getState().config.target_modules).toEqual(first.target_modules);
});

test("runs are kept when the next one begins, and fold from their log", async () => {
  const { session, store } = studio();
  await store.getState().refresh();
  await store.getState().train();
  expect(store.getState().runs).toEqual([]);
  store.getState().edit("r", 4);
  await store.getState().train();
  const [kept] = store.getState().runs;
  expect(kept).toMatchObject({ name: "run 1", config: { r: 8 } });
  expect(kept.run).toEqual(replay(session.log(first)));
  expect(describeRun(catalogue, dynamicRun)).toBe("top-k by grad-norm, 25 %, dynamic");
  const byHand = { ...dynamicRun.allocation!, allocator: "manual", when: "static" as const, budget: { modules: 1 } };
  expect(describeRun(catalogue, { ...first, allocation: byHand })).toBe("manual, 1 module");
});

test("no run begins while modules are scored; cancelled scores leave the earlier ones", async () => {
  const { session, store } = studio();
  store.getState().replaceConfig(dynamicRun, "another");
  await store.getState().refresh();
  await store.getState().score();
  const before = scoresOf(store.getState().scoring, dynamicRun);
  let cancel = () => {};
  session.score = (_config, _names, onProgress) => {
    onProgress("grad-norm", 3, 32);
    return new Promise((resolve) => (cancel = () => resolve(null)));
  };
  const scoring = store.getState().score();
  expect(store.getState().scoring).toMatchObject({ state: "running", done: 3, total: 32 });
  await store.getState().train();
  expect(session.calls).not.toContain("train");
  cancel();
  await scoring;
  expect(store.getState().scoring.state).toBe("done");
  expect(scoresOf(store.getState().scoring, dynamicRun)).toBe(before);
});

test("a data set brings its task, and a reset takes it back", () => {
  const { store } = studio();
  store.getState().edit("data.source", "bundled:paraphrase");
  expect(store.getState().config.model.task).toBe("classification");
  store.getState().reset("data.source");
  expect(store.getState().config).toEqual(first);
});
