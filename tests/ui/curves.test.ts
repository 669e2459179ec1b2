// The axis of curves, the part of it that is shown, spikes that are cut, and the steps as CSV.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { above, topOf } from "../../src/ui/charts/outliers.ts";
import {
  allOf,
  everything,
  following,
  moved,
  part,
  positionOf,
  positions,
  scaled,
  shownOf,
  upTo,
  xLabel,
  xTicks,
  type Over,
} from "../../src/ui/charts/x-axis.ts";
import { runsCsv, stepsCsv } from "../../src/ui/csv.ts";
import { append, emptySeries } from "../../src/ui/series.ts";
import type { StepColumn } from "../../src/ui/fold.ts";

const columns = ["step", "loss", "learningRate", "gradNorm", "tokens", "ms", "time"] as const satisfies readonly StepColumn[];
const run = (steps: number) => {
  let series = emptySeries<StepColumn>(columns);
  for (let i = 1; i <= steps; i++) series = append(series, { step: i, loss: 1 / i, learningRate: 0.1, gradNorm: 1, tokens: 10 * i, ms: 500, time: 500 * i });
  return series;
};

describe("positions", () => {
  test("steps, seconds and tokens so far", () => {
    const four = run(4);
    expect([...positions(four, "step")]).toEqual([1, 2, 3, 4]);
    expect([...positions(four, "time")]).toEqual([0.5, 1, 1.5, 2]);
    expect([...positions(four, "tokens")]).toEqual([10, 30, 60, 100]);
    expect(allOf(four, "step", 9)).toEqual([0, 9]);
    expect(allOf(four, "tokens", 9)).toEqual([0, 100]);
    expect(allOf(run(0), "time", 9)).toEqual([0, 1]);
  });

  test("an evaluation lies at the step it came after, the first at 0", () => {
    const four = run(4);
    const xs = positions(four, "tokens");
    expect([0, 1, 3, 4, 99].map((step) => positionOf(four, xs, step))).toEqual([0, 10, 60, 100, 100]);
  });

  test("upTo counts as a walk would", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 })), fc.integer({ min: -1, max: 51 }), (values, limit) => {
        const ascending = values.toSorted((a, b) => a - b);
        expect(upTo(ascending, limit)).toBe(ascending.filter((value) => value <= limit).length);
      }),
    );
  });

  test("the part that is shown has a step beyond each edge", () => {
    const xs = positions(run(10), "step");
    expect(part(xs, [3.5, 6.5])).toEqual([2, 7]);
    expect(part(xs, [0, 10])).toEqual([0, 10]);
    expect(part(new Float64Array(0), [0, 1])).toEqual([0, 0]);
  });
});

describe("zoom", () => {
  const all = [0, 100] as const;
  test("nearer around the middle, further back to everything", () => {
    const near = scaled(everything, all, 100, 0.5, 1);
    expect(near.range).toEqual([25, 75]);
    expect(scaled(near, all, 100, 2, 1)).toEqual(everything);
    expect(shownOf(everything, all, 40)).toEqual(all);
  });

  test("what is followed moves on with the newest step and keeps its width; who moves away stays there", () => {
    const followed = following(everything, all, 60);
    expect(shownOf(followed, all, 60)).toEqual([35, 60]);
    expect(shownOf(followed, all, 90)).toEqual([65, 90]);
    expect(shownOf(scaled(followed, all, 90, 0.5, 1), all, 92)).toEqual([79.5, 92]);
    const away = moved(followed, all, 90, -0.5);
    expect(shownOf(away, all, 99)).toEqual([52.5, 77.5]);
    expect(following(everything, all, 3).range).toEqual([0, 25]);
  });

  test("never beyond the ends, never nearer than the least, whatever is pressed", () => {
    const press = fc.constantFrom("in", "out", "left", "right", "follow");
    fc.assert(
      fc.property(fc.array(press, { maxLength: 40 }), fc.integer({ min: 1, max: 100 }), (presses, newest) => {
        let zoom = everything;
        for (const key of presses) {
          if (key === "in") zoom = scaled(zoom, all, newest, 0.5, 0.1);
          else if (key === "out") zoom = scaled(zoom, all, newest, 2, 0.1);
          else if (key === "follow") zoom = following(zoom, all, newest);
          else zoom = moved(zoom, all, newest, key === "left" ? -0.5 : 0.5);
          const [from, to] = shownOf(zoom, all, newest);
          expect(from).toBeGreaterThanOrEqual(0);
          expect(to).toBeLessThanOrEqual(100 + 1e-9);
          expect(to - from).toBeGreaterThanOrEqual(0.1 - 1e-9);
        }
      }),
    );
  });

  test("ticks are round, within, few, and whole where they count", () => {
    const range = fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.double({ min: 0.01, max: 1e6, noNaN: true }));
    fc.assert(
      fc.property(range, fc.constantFrom<Over>("step", "time", "tokens"), ([from, width], over) => {
        const ticks = xTicks([from, from + width], over);
        expect(ticks.length).toBeLessThanOrEqual(9);
        for (const tick of ticks) {
          // A tick may stand beyond an edge by no more than is seen: a millionth of the width.
          expect(tick).toBeGreaterThanOrEqual(from - 1e-6 * width - 1e-6);
          expect(tick).toBeLessThanOrEqual(from + width + 1e-6 * width + 1e-6);
          if (over !== "time") expect(Number.isInteger(tick)).toBe(true);
        }
      }),
    );
    expect(xTicks([0, 400], "step")).toEqual([0, 100, 200, 300, 400]);
    expect(xTicks([0, 600], "time")).toEqual([0, 120, 240, 360, 480, 600]);
    expect([xLabel(1200, "step"), xLabel(64_000, "tokens", 2000), xLabel(45, "time"), xLabel(200, "time"), xLabel(3800, "time")]).toEqual(["1,200", "64k", "45 s", "3:20", "1:03:20"]); // prettier-ignore
  });

  test("labels tell the places of an axis apart, however near it is looked at; one by itself is exact", () => {
    const labels = (range: readonly [number, number], over: Over) => {
      const places = xTicks(range, over);
      return places.map((x) => xLabel(x, over, places[1] - places[0]));
    };
    expect(labels([10_000, 12_000], "tokens")).toEqual(["10k", "10.5k", "11k", "11.5k", "12k"]);
    expect(labels([0, 3_000_000], "tokens")).toEqual(["0", "500k", "1M", "1.5M", "2M", "2.5M", "3M"]);
    expect(labels([199, 202], "time")).toEqual(["3:19", "3:19.5", "3:20", "3:20.5", "3:21", "3:21.5", "3:22"]);
    expect(xLabel(11_234, "tokens")).toBe("11,234");
    expect([xLabel(0.024, "time"), xLabel(200.4, "time"), xLabel(119.7, "time")]).toEqual(["0.02 s", "3:20", "2:00"]);
    const range = fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.double({ min: 0.1, max: 1e6, noNaN: true }));
    fc.assert(
      fc.property(range, fc.constantFrom<Over>("step", "time", "tokens"), ([from, width], over) => {
        const written = labels([from, from + width], over);
        expect(new Set(written).size).toBe(written.length);
      }),
    );
  });
});

describe("spikes", () => {
  const falling = Array.from({ length: 400 }, (_, i) => 1 + 5 * Math.exp(-i / 40));
  test("a loss that begins high is shown from its beginning", () => {
    expect(topOf(falling, 0, 400)).toBeGreaterThan(5.5);
    expect(topOf([5, 4, 3], 0, 3)).toBe(5);
  });

  test("single spikes are cut and counted, also where values are not finite", () => {
    const spiked = falling.with(200, 90).with(300, 1e9).with(310, NaN).with(311, Infinity);
    const top = topOf(spiked, 0, 400);
    expect(top).toBeLessThan(8);
    expect(above(spiked, 0, 400, top)).toBe(3);
    expect(above(falling, 0, 400, topOf(falling, 0, 400))).toBeLessThan(5);
    expect(topOf([NaN, NaN], 0, 2)).toBe(0);
  });
});

test("the steps as CSV: evaluations in their places, runs by name", () => {
  const lines = stepsCsv(run(2), [{ step: 0, loss: 3, metric: 0.5, rows: 4 }, { step: 2, loss: 2, metric: 0.75, rows: 4 }]).trim().split("\r\n"); // prettier-ignore
  expect(lines).toEqual([
    "step,loss,learning_rate,grad_norm,tokens,time_ms,held_out_loss,held_out_metric",
    "0,,,,,,3,0.5",
    "1,1,0.1,1,10,500,,",
    "2,0.5,0.1,1,20,1000,,",
    "2,,,,,,2,0.75",
  ]);
  expect(
    runsCsv([{ name: 'a "b"', steps: run(1) }])
      .trim()
      .split("\r\n")[1],
  ).toBe('"a ""b""",1,1,0.1,1,10,500');
});
