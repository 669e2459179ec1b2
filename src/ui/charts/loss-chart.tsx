// loss-chart.tsx — loss over steps: each step thin, the moving average bold, evaluations as dots. Decimated by minimum
// and maximum to two points per pixel at most; no animation, so that it may be redrawn several times a second.
import { useMemo } from "react";
import { CartesianGrid, ComposedChart, Line, ReferenceDot, Tooltip, XAxis, YAxis, type TooltipContentProps } from "recharts";
import { useWidth } from "../context.ts";
import type { RunView } from "../fold.ts";
import { short } from "../format.ts";
import { decimate, smooth } from "../decimate.ts";
import { text } from "../strings.ts";

const mostPoints = 1500;
const height = 250;

interface Point {
  step: number;
  raw?: number;
  smoothed?: number;
  held?: number;
}

interface Props {
  steps: RunView["steps"];
  evaluations: RunView["evaluations"];
  /** β of the moving average, 0..1. */
  smoothing: number;
  log: boolean;
  /** Steps of the whole run: the right end of the axis. */
  total: number;
}

export default function LossChart({ steps, evaluations, smoothing, log, total }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const points = useMemo(() => pointsOf(steps, evaluations, smoothing, Math.min(mostPoints, 2 * Math.max(200, width))), [steps, evaluations, smoothing, width]);
  const { loss, step } = steps.columns;
  const last = steps.length > 0 ? Math.max(total, step[steps.length - 1]) : total;
  const newest = points.findLast((point) => point.smoothed !== undefined);
  const ticks = ticksTo(Math.max(...points.map((point) => Math.max(point.raw ?? 0, point.held ?? 0))));
  const label = text.loss.chart(steps.length, short(loss[0]), short(loss[steps.length - 1]));
  return (
    <div ref={ref} role="img" aria-label={label} className="loss-chart">
      {width > 0 && (
        <ComposedChart width={width} height={height} data={points} margin={{ top: 8, right: 8, bottom: 0, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis dataKey="step" type="number" domain={[0, last]} ticks={stepTicks(last)} tickLine={false} axisLine={false} />
          <YAxis
            key={log ? "log" : "linear"}
            width={42}
            scale={log ? "log" : "linear"}
            domain={log ? [(least: number) => least * 0.85, (most: number) => most * 1.15] : [0, ticks.at(-1)!]}
            ticks={log ? undefined : ticks}
            allowDataOverflow={log}
            tickLine={false}
            axisLine={false}
            tickFormatter={short}
          />
          <Tooltip content={Values} isAnimationActive={false} cursor={{ stroke: "var(--muted)" }} />
          <Line dataKey="raw" stroke="var(--raw)" strokeWidth={1} dot={false} activeDot={false} connectNulls isAnimationActive={false} />
          <Line dataKey="smoothed" stroke="var(--accent)" strokeWidth={2.25} dot={false} activeDot={{ r: 3 }} connectNulls isAnimationActive={false} />
          <Line
            dataKey="held"
            stroke="none"
            dot={{ r: 4, fill: "var(--ground)", stroke: "var(--ink)", strokeWidth: 1.75 }}
            activeDot={{ r: 5, fill: "var(--ink)" }}
            isAnimationActive={false}
          />
          {newest && <ReferenceDot x={newest.step} y={newest.smoothed} r={3.5} fill="var(--accent)" stroke="none" />}
        </ComposedChart>
      )}
    </div>
  );
}

function pointsOf(steps: Props["steps"], evaluations: Props["evaluations"], smoothing: number, most: number): Point[] {
  const { step, loss } = steps.columns;
  const averaged = smooth(loss, steps.length, smoothing);
  const finite = (n: number) => (Number.isFinite(n) ? n : undefined);
  const points = new Map<number, Point>();
  for (const i of decimate(loss, steps.length, most - evaluations.length))
    points.set(step[i], { step: step[i], raw: finite(loss[i]), smoothed: finite(averaged[i]) });
  for (const { step: at, loss: held } of evaluations) points.set(at, { ...(points.get(at) ?? { step: at }), held: finite(held) });
  return [...points.values()].sort((a, b) => a.step - b.step);
}

/** From zero in steps of 1, 2 or 5 · 10ⁿ to the first tick not below `most`. */
function ticksTo(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const ten = 10 ** Math.floor(Math.log10(most / 4));
  const step = ten * ([1, 2, 5].findLast((s) => s * ten <= most / 3.2) ?? 1);
  return Array.from({ length: Math.max(1, Math.ceil(most / step)) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

/** About six whole steps from 0, and the last one; a tick too near to the last gives way to it. */
function stepTicks(last: number): number[] {
  const ten = 10 ** Math.floor(Math.log10(Math.max(last, 1) / 5));
  const stride = Math.max(1, ten * ([1, 2, 5].find((s) => s * ten >= last / 7) ?? 10));
  const ticks = Array.from({ length: Math.ceil(last / stride) }, (_, i) => i * stride).filter((tick) => last - tick > stride / 2);
  return [...ticks, last];
}

function Values({ active, payload }: TooltipContentProps) {
  const point = payload?.[0]?.payload as Point | undefined;
  if (!active || !point) return null;
  const rows: [string, number | undefined][] = [
    [text.loss.raw, point.raw],
    [text.loss.smoothed, point.smoothed],
    [text.loss.held, point.held],
  ];
  return (
    <div className="tip">
      <b>
        {text.loss.step} {point.step}
      </b>
      {rows.map(([title, value]) => value !== undefined && <span key={title}>{`${title} ${value.toFixed(3)}`}</span>)}
    </div>
  );
}
