// The store over a replayed session: it starts, folds, refuses, and shows failures of the session.
import { expect, test } from "vitest";
import { blockers, createStudio } from "../../src/ui/store.ts";
import { catalogue, first, ReplaySession } from "./fixture.ts";

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
