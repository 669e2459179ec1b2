// loss-chart.tsx — the loss of one run: each step thin, the moving average bold, evaluations as dots; below it, over the same axis, the learning rate and
// the norm of the gradient.
import { useMemo } from "react";
import { useWidth } from "../context.ts";
import { decimate, smooth } from "../decimate.ts";
import type { RunView } from "../fold.ts";
import { short } from "../format.ts";
import { predicted } from "../metric.ts";
import { text } from "../strings.ts";
import { CurveChart, mostPoints, type Drawn, type Point } from "./curve-chart.tsx";
import { above, topOf } from "./outliers.ts";
import { SmallMultiple } from "./small-multiple.tsx";
import type { Curves, SetCurves } from "./use-curves.ts";
import { allOf, part, positionOf, positions, shownOf, upTo, type Range } from "./x-axis.ts";

const lines: readonly Drawn[] = [
  { key: "raw", title: text.loss.raw, stroke: "var(--raw)", width: 1 },
  { key: "smoothed", title: text.loss.smoothed, stroke: "var(--accent)", width: 2.25 },
  { key: "held", title: text.loss.held, stroke: "var(--ink)", width: 1.75, marks: true },
];

interface Props {
  steps: RunView["steps"];
  evaluations: RunView["evaluations"];
  curves: Curves;
  setCurves: SetCurves;
  /** Steps of the whole run: the right end of the axis, where it runs over steps. */
  total: number;
}

export default function LossChart({ steps, evaluations, curves, setCurves, total }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const { smoothing, over, clip, zoom } = curves;
  const { loss, learningRate, gradNorm } = steps.columns;
  const xs = useMemo(() => positions(steps, over), [steps, over]);
  const shown = useMemo(() => shownOf(zoom, allOf(steps, over, total), xs.at(-1) ?? 0), [zoom, steps, over, total, xs]);
  const [from, to] = part(xs, shown);
  const points = useMemo(() => pointsOf(steps, evaluations, xs, shown, smoothing, width), [steps, evaluations, xs, shown, smoothing, width]);
  const held = points.flatMap((point) => point.held ?? []);
  const top = Math.max(clip ? topOf(loss, from, to) : loss.subarray(from, to).reduce((a, b) => (b > a ? b : a), 0), ...held);
  const what = predicted(evaluations);
  const cut = above(loss, from, to, top);
  const strip = { xs, part: [from, to] as const, shown, width, clip };
  const also = (x: number) => {
    const i = upTo(xs, x) - 1;
    if (i < 0) return [];
    return [[text.loss.learningRate, short(learningRate[i])] as const, [text.run.gradNorm, short(gradNorm[i])] as const];
  };
  return (
    <div ref={ref} className="loss-chart">
      {width > 0 && (
        <>
          <CurveChart
            label={text.loss.chart(steps.length, short(loss[0]), short(loss[steps.length - 1]), what ? text.loss.units[what] : "")}
            width={width}
            points={points}
            lines={lines}
            shown={shown}
            top={top}
            curves={curves}
            setCurves={setCurves}
            newest={points.findLast((point) => point.smoothed !== undefined)}
            also={also}
          />
          {cut > 0 && <p className="cut-off-top muted small">{text.curves.clipped(cut, short(top))}</p>}
          {steps.length > 1 && (
            <div className="small-multiples">
              <SmallMultiple title={text.loss.learningRate} values={learningRate} {...strip} />
              <SmallMultiple title={text.run.gradNorm} values={gradNorm} {...strip} />
            </div>
          )}
        </>
      )}
    </div>
  );
}

function pointsOf(steps: Props["steps"], evaluations: Props["evaluations"], xs: Float64Array, shown: Range, smoothing: number, width: number): Point[] {
  const { loss } = steps.columns;
  const [from, to] = part(xs, shown);
  const averaged = smooth(loss, steps.length, smoothing);
  const finite = (n: number) => (Number.isFinite(n) ? n : undefined);
  const points = new Map<number, Point>();
  const held = evaluations.map((one) => ({ x: positionOf(steps, xs, one.step), loss: one.loss })).filter(({ x }) => x >= shown[0] && x <= shown[1]);
  const most = Math.min(mostPoints, 2 * Math.max(200, width)) - held.length;
  for (const i of decimate(loss.subarray(from, to), to - from, Math.max(4, most)).map((i) => i + from))
    points.set(xs[i], { x: xs[i], raw: finite(loss[i]), smoothed: finite(averaged[i]) });
  for (const { x, loss: value } of held) points.set(x, { ...(points.get(x) ?? { x }), held: finite(value) });
  return [...points.values()].sort((a, b) => a.x - b.x);
}
