// The run as a pure fold: any batching of a log gives the same view, and older views stay as they were.
import { describe, expect, test } from "vitest";
import type { TrainEvent } from "../../src/protocol.ts";
import { active, emptyRun, fold, speed, type RunView } from "../../src/ui/fold.ts";
import { dynamicRun, eventLog, first } from "./fixture.ts";

const log = eventLog(first);
const replay = (events: readonly TrainEvent[], from: RunView = emptyRun()): RunView => events.reduce(fold, from);

/** Only what a reader may read: the buffers end in numbers of later views. */
const seen = (run: RunView) => ({
  ...run,
  steps: Object.fromEntries(Object.entries(run.steps.columns).map(([name, column]) => [name, [...column.subarray(0, run.steps.length)]])),
});

describe("fold", () => {
  test("replays a log to the same view", () => {
    expect(seen(replay(log))).toEqual(seen(replay(structuredClone(log))));
  });

  test("does not depend on how the log is cut", () => {
    for (const cut of [1, 7, 40, log.length - 1]) expect(seen(replay(log.slice(cut), replay(log.slice(0, cut))))).toEqual(seen(replay(log)));
  });

  test("leaves the view it starts from as it was, in both branches", () => {
    const half = replay(log.slice(0, 90));
    const before = structuredClone(seen(half));
    const step = (loss: number): TrainEvent => ({ type: "step", step: 999, loss, learningRate: 1, gradNorm: 1, tokens: 1, ms: 1, time: 1e6 });
    const one = fold(half, step(1));
    const two = fold(half, step(2));
    expect(one.steps.columns.loss[one.steps.length - 1]).toBe(1);
    expect(two.steps.columns.loss[two.steps.length - 1]).toBe(2);
    replay(log.slice(90), half);
    expect(seen(half)).toEqual(before);
  });

  test("keeps what the events said", () => {
    const run = replay(log);
    const steps = log.filter((event) => event.type === "step");
    expect([...run.steps.columns.loss.subarray(0, run.steps.length)]).toEqual(steps.map((event) => event.loss));
    expect(run.state).toBe("finished");
    expect(active(run)).toBe(false);
    expect(run.progress.map((entry) => [entry.phase, entry.done])).toEqual([
      ["weights", 6_296_448],
      ["data", 4000],
      ["pipelines", 31],
    ]);
    expect(run.windows).toHaveLength(first.train.steps / 5);
    expect(run.evaluations.at(-1)!.metric).toBe(1);
  });

  test("a change of ranks holds from its window on, not before", () => {
    const [head, tail] = [log.slice(0, 120), log.slice(120)];
    const before = replay(head);
    const sites = before.sites.map((site) => ({ ...site, r: 3 }));
    const run = replay([{ type: "ranks", step: 60, sites }, ...tail], before);
    expect(run.windows[0].sites[0].r).toBe(8);
    expect(run.windows.at(-1)!.sites[0].r).toBe(3);
  });

  test("an allocation turns sites off and on again, and the map of each step is kept", () => {
    const events = eventLog(dynamicRun);
    const told = events.filter((event) => event.type === "allocation");
    const run = replay(events);
    expect(run.allocations.map(({ step }) => step)).toEqual(told.map(({ step }) => step));
    expect(run.sites.map(({ r }) => r)).toEqual(told.at(-1)!.ranks);
    expect(run.sites.every(({ r, parameters, in: inputs, out }) => parameters === r * (inputs + out))).toBe(true);
    const came = told.at(-1)!.ranks.findIndex((r, i) => r > 0 && told[0].ranks[i] === 0);
    expect(came).toBeGreaterThanOrEqual(0);
    const moment = (step: number) => run.moments.findLast((one) => one.step <= step)!;
    expect([moment(0).sites[came].r, moment(999).sites[came].r]).toEqual([0, 8]);
    expect(moment(12)).toMatchObject({ step: 12, allocations: 2, window: { step: 10 } });
    expect(run.moments.map(({ step }) => step)).toEqual([...new Set(run.moments.map(({ step }) => step))]);
    for (const cut of [5, 30, 100]) expect(seen(replay(events.slice(cut), replay(events.slice(0, cut))))).toEqual(seen(run));
  });

  test("a static allocation is one moment with its new ranks", () => {
    const events = eventLog({ ...dynamicRun, allocation: { ...dynamicRun.allocation!, when: "static" } });
    const { moments, sites } = replay(events);
    expect(moments[0]).toMatchObject({ step: 0, allocations: 1 });
    expect(moments[0].sites).toEqual(sites);
    expect(sites.filter(({ r }) => r > 0)).toHaveLength(10);
  });

  test("speed is measured by the clock of the run", () => {
    expect(speed(emptyRun())).toBeNull();
    expect(speed(replay(log))!.stepsPerSecond).toBeCloseTo(1000 / 30, 6);
  });
});
