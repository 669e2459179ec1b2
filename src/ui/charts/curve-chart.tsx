// curve-chart.tsx — curves over one horizontal axis, at most 1,500 points, no animation, so that it may be redrawn several times a second. A part of
// the axis is chosen by drawing across it; twice clicked, everything is back.
import { useState, type PointerEvent } from "react";
import { CartesianGrid, ComposedChart, Line, ReferenceArea, ReferenceDot, Tooltip, XAxis, YAxis, type TooltipContentProps } from "recharts";
import { ticks } from "../../statistics/ticks.ts";
import { short } from "../format.ts";
import { text } from "../strings.ts";
import type { Curves, SetCurves } from "./use-curves.ts";
import { everything, xLabel, xTicks, type Range } from "./x-axis.ts";

export const mostPoints = 1500;
const height = 236;
/** Room of the vertical axis, and of a point that stands at an end. */
const [axisWidth, pad] = [42, 6];
/** From the edges of a chart to its first and last x: what stands below it keeps to them. */
export const [left, right] = [axisWidth + pad, 2 + pad];

/** x, and what each curve has there. */
export interface Point {
  x: number;
  [key: string]: number | undefined;
}

export interface Drawn {
  key: string;
  title: string;
  stroke: string;
  width: number;
  dash?: string;
  /** Single points, not joined. */
  marks?: boolean;
}

interface Props {
  label: string;
  width: number;
  /** Ascending in x. */
  points: readonly Point[];
  lines: readonly Drawn[];
  shown: Range;
  /** The largest value of the vertical axis. */
  top: number;
  curves: Curves;
  setCurves: SetCurves;
  newest?: Point;
  /** Said of a point besides its curves. */
  also?: (x: number) => readonly (readonly [title: string, value: string])[];
}

export function CurveChart({ label, width, points, lines, shown, top, curves: { log, over, zoom }, setCurves, newest, also }: Props) {
  const [drawn, setDrawn] = useState<Range | null>(null);
  const xAt = (event: PointerEvent<HTMLElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - box.left - left) / (width - left - right);
    return shown[0] + Math.min(1, Math.max(0, share)) * (shown[1] - shown[0]);
  };
  const release = () => {
    setDrawn(null);
    if (!drawn) return;
    const range = [Math.min(...drawn), Math.max(...drawn)] as const;
    // A click that trembled is no choice.
    if (range[1] - range[0] > 0.02 * (shown[1] - shown[0])) setCurves({ zoom: { range, follow: false } });
  };
  const values = points.flatMap((point) => lines.flatMap(({ key }) => point[key] ?? []));
  const axis = log ? logAxis(values, top) : zoom.range ? ticks(Math.min(top, ...values), top) : ticksTo(top);
  const places = xTicks(shown, over);
  return (
    <div
      role="img"
      aria-label={label}
      className="curve-chart"
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const x = xAt(event);
        setDrawn([x, x]);
      }}
      onPointerMove={(event) => drawn && setDrawn([drawn[0], xAt(event)])}
      onPointerUp={release}
      onPointerCancel={() => setDrawn(null)}
      onDoubleClick={() => setCurves({ zoom: everything })}
    >
      <ComposedChart width={width} height={height} data={points} margin={{ top: 8, right: right - pad, bottom: 0, left: 0 }} accessibilityLayer={false}>
        <CartesianGrid vertical={false} stroke="var(--line)" />
        <XAxis
          dataKey="x"
          type="number"
          domain={[...shown]}
          ticks={places}
          padding={{ left: pad, right: pad }}
          allowDataOverflow
          tickLine={false}
          axisLine={false}
          tickFormatter={(x: number) => xLabel(x, over, places[1] - places[0])}
        />
        <YAxis
          key={log ? "log" : "linear"}
          width={axisWidth}
          scale={log ? "log" : "linear"}
          domain={[axis[0], axis.at(-1)!]}
          ticks={log ? undefined : axis}
          allowDataOverflow
          tickLine={false}
          axisLine={false}
          tickFormatter={short}
        />
        {!drawn && (
          <Tooltip
            content={(props: TooltipContentProps) => <Values {...props} lines={lines} over={over} also={also} />}
            isAnimationActive={false}
            cursor={{ stroke: "var(--muted)" }}
          />
        )}
        {lines.map(({ key, stroke, width: strokeWidth, dash, marks }) =>
          marks ? (
            <Line
              key={key}
              dataKey={key}
              stroke="none"
              dot={{ r: 4, fill: "var(--ground)", stroke, strokeWidth, clipDot: false }} // points at the ends of the axis are whole
              activeDot={{ r: 5, fill: stroke }}
              isAnimationActive={false}
            />
          ) : (
            <Line
              key={key}
              dataKey={key}
              stroke={stroke}
              strokeWidth={strokeWidth}
              strokeDasharray={dash}
              dot={false}
              activeDot={strokeWidth > 1 && { r: 3 }}
              connectNulls
              isAnimationActive={false}
            />
          ),
        )}
        {newest && <ReferenceDot x={newest.x} y={newest.smoothed} r={3.5} fill="var(--accent)" stroke="none" />}
        {drawn && <ReferenceArea x1={drawn[0]} x2={drawn[1]} fill="var(--accent)" fillOpacity={0.15} />}
      </ComposedChart>
    </div>
  );
}

/** From zero in steps of 1, 2 or 5 · 10ⁿ to the first tick not below `most`. */
function ticksTo(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const ten = 10 ** Math.floor(Math.log10(most / 4));
  const step = ten * ([1, 2, 5].findLast((s) => s * ten <= most / 3.2) ?? 1);
  return Array.from({ length: Math.max(1, Math.ceil(most / step)) + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

/** From a little below the least positive value to a little above the top. */
function logAxis(values: readonly number[], top: number): Range {
  const least = values.reduce((low, value) => (value > 0 && value < low ? value : low), Infinity);
  return least < top ? [least * 0.85, top * 1.15] : [0.1, 1];
}

function Values({ active, payload, lines, over, also }: TooltipContentProps & Pick<Props, "lines" | "also"> & { over: Curves["over"] }) {
  const point = payload?.[0]?.payload as Point | undefined;
  if (!active || !point) return null;
  const rows = lines.flatMap(({ key, title }) => (point[key] === undefined ? [] : [[title, point[key].toFixed(3)] as const]));
  return (
    <div className="tip">
      <b>
        {text.curves.axis[over]} {xLabel(point.x, over)}
      </b>
      {[...rows, ...(also?.(point.x) ?? [])].map(([title, value]) => (
        <span key={title}>{`${title} ${value}`}</span>
      ))}
    </div>
  );
}
