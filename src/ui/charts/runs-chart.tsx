// runs-chart.tsx — the losses of several runs in one picture, smoothed; a colour and a dash for each.
import { useMemo } from "react";
import { useWidth } from "../context.ts";
import { decimate, smooth } from "../decimate.ts";
import type { RunView } from "../fold.ts";
import { short } from "../format.ts";
import { text } from "../strings.ts";
import { CurveChart, mostPoints, type Drawn, type Point } from "./curve-chart.tsx";
import { above, topOf } from "./outliers.ts";
import { dashes, runColour } from "./run-line.tsx";
import type { Curves, SetCurves } from "./use-curves.ts";
import { allOfAll, part, positions, shownOf, type Range } from "./x-axis.ts";

export interface Curve {
  id: string;
  name: string;
  steps: RunView["steps"];
  /** Which colour and dash. */
  place: number;
}

interface Props {
  runs: readonly Curve[];
  curves: Curves;
  setCurves: SetCurves;
}

export default function RunsChart({ runs, curves, setCurves }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const { over, smoothing, clip, zoom } = curves;
  const drawn = useMemo(
    () => runs.map(({ id, steps }) => ({ id, xs: positions(steps, over), averaged: smooth(steps.columns.loss, steps.length, smoothing) })),
    [runs, over, smoothing],
  );
  const shown = useMemo(() => shownOf(zoom, allOfAll(runs, over), 0), [zoom, runs, over]);
  const parts = drawn.map(({ xs }) => part(xs, shown));
  const points = useMemo(() => pointsOf(drawn, shown), [drawn, shown]);
  const tops = drawn.map(({ averaged }, i) => (clip ? topOf(averaged, ...parts[i]) : averaged.subarray(...parts[i]).reduce((a, b) => (b > a ? b : a), 0)));
  const top = Math.max(0, ...tops);
  const cut = drawn.reduce((n, { averaged }, i) => n + above(averaged, ...parts[i], top), 0);
  const lines = runs.map(({ id, name, place }): Drawn => ({ key: id, title: name, stroke: runColour(place), width: 2, dash: dashes[place] }));
  return (
    <div ref={ref} className="loss-chart">
      {width > 0 && (
        <>
          <CurveChart
            label={text.library.chart(runs.map(({ name }) => name).join(", "))}
            width={width}
            points={points}
            lines={lines}
            shown={shown}
            top={top}
            curves={curves}
            setCurves={setCurves}
          />
          {cut > 0 && <p className="cut-off-top muted small">{text.curves.clipped(cut, short(top))}</p>}
        </>
      )}
    </div>
  );
}

function pointsOf(drawn: readonly { id: string; xs: Float64Array; averaged: Float64Array }[], shown: Range): Point[] {
  const points = new Map<number, Point>();
  for (const { id, xs, averaged } of drawn) {
    const [from, to] = part(xs, shown);
    for (const i of decimate(averaged.subarray(from, to), to - from, Math.max(4, Math.floor(mostPoints / drawn.length)))) {
      const at = from + i;
      if (!Number.isFinite(averaged[at])) continue;
      const point: Point = points.get(xs[at]) ?? { x: xs[at] };
      point[id] = averaged[at];
      points.set(xs[at], point);
    }
  }
  return [...points.values()].sort((a, b) => a.x - b.x);
}
