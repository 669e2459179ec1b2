// runs-chart.tsx — the losses of several runs in one picture, smoothed, over steps or over time; a colour and a dash for each.
import { useMemo } from "react";
import { CartesianGrid, LineChart, Line, Tooltip, XAxis, YAxis, type TooltipContentProps } from "recharts";
import { useWidth } from "../context.ts";
import { decimate, smooth } from "../decimate.ts";
import type { RunView } from "../fold.ts";
import { short } from "../format.ts";
import { text } from "../strings.ts";
import { dashes, runColour } from "./run-line.tsx";

const mostPoints = 1500;
const height = 260;

export interface Curve {
  id: string;
  name: string;
  steps: RunView["steps"];
  /** Which colour and dash. */
  place: number;
}

/** x, and the loss of each run that has one there, by id. */
type Point = { x: number } & Record<string, number>;

interface Props {
  curves: readonly Curve[];
  over: "step" | "time";
  smoothing: number;
  log: boolean;
}

export default function RunsChart({ curves, over, smoothing, log }: Props) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const points = useMemo(() => pointsOf(curves, over, smoothing), [curves, over, smoothing]);
  return (
    <div ref={ref} role="img" aria-label={text.library.chart(curves.map(({ name }) => name).join(", "))} className="loss-chart">
      {width > 0 && (
        <LineChart width={width} height={height} data={points} margin={{ top: 8, right: 8, bottom: 14, left: 0 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="x"
            type="number"
            domain={[0, "dataMax"]}
            tickLine={false}
            axisLine={false}
            tickFormatter={short}
            label={{ value: text.library.axis[over], position: "insideBottom", offset: -8, fill: "var(--muted)", fontSize: 12 }}
          />
          <YAxis
            key={log ? "log" : "linear"}
            width={42}
            scale={log ? "log" : "linear"}
            domain={log ? [(least: number) => least * 0.85, (most: number) => most * 1.15] : [0, "auto"]}
            allowDataOverflow={log}
            tickLine={false}
            axisLine={false}
            tickFormatter={short}
          />
          <Tooltip
            content={(props: TooltipContentProps) => <Values {...props} curves={curves} />}
            isAnimationActive={false}
            cursor={{ stroke: "var(--muted)" }}
          />
          {curves.map(({ id, place }) => (
            <Line
              key={id}
              dataKey={id}
              stroke={runColour(place)}
              strokeDasharray={dashes[place]}
              strokeWidth={2}
              dot={false}
              activeDot={{ r: 3 }}
              connectNulls
              isAnimationActive={false}
            />
          ))}
        </LineChart>
      )}
    </div>
  );
}

function pointsOf(curves: readonly Curve[], over: "step" | "time", smoothing: number): Point[] {
  const points = new Map<number, Point>();
  for (const { id, steps } of curves) {
    const { columns, length } = steps;
    const averaged = smooth(columns.loss, length, smoothing);
    for (const i of decimate(averaged, length, Math.max(4, Math.floor(mostPoints / curves.length)))) {
      const x = over === "step" ? columns.step[i] : columns.time[i] / 1000;
      if (!Number.isFinite(averaged[i])) continue;
      const point = points.get(x) ?? ({ x } as Point);
      point[id] = averaged[i];
      points.set(x, point);
    }
  }
  return [...points.values()].sort((a, b) => a.x - b.x);
}

function Values({ active, payload, label, curves }: TooltipContentProps & { curves: readonly Curve[] }) {
  const point = payload?.[0]?.payload as Point | undefined;
  if (!active || !point) return null;
  return (
    <div className="tip">
      <b>{short(Number(label))}</b>
      {curves.map(({ id, name }) => point[id] !== undefined && <span key={id}>{`${name} ${point[id].toFixed(3)}`}</span>)}
    </div>
  );
}
