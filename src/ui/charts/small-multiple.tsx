// small-multiple.tsx — one more figure of the steps, low, under the axis of the chart above it: its name, its value now, its largest.
import { decimate } from "../decimate.ts";
import { short } from "../format.ts";
import { left, right } from "./curve-chart.tsx";
import { topOf } from "./outliers.ts";
import type { Range } from "./x-axis.ts";

const height = 40;

interface Props {
  title: string;
  /** One per step. */
  values: Float64Array;
  xs: Float64Array;
  /** Which steps. */
  part: Range;
  shown: Range;
  /** CSS pixels. */
  width: number;
  clip: boolean;
}

export function SmallMultiple({ title, values, xs, part: [from, to], shown, width, clip }: Props) {
  const most = values.subarray(from, to).reduce((a, b) => (b > a ? b : a), 0);
  const top = (clip && topOf(values, from, to)) || most || 1;
  const inner = width - left - right;
  const x = (i: number): number => (inner * (xs[i] - shown[0])) / Math.max(1e-12, shown[1] - shown[0]);
  const y = (value: number): number => height - 2 - (Math.min(value, top) / top) * (height - 6);
  const points = decimate(values.subarray(from, to), to - from, Math.max(100, Math.min(1000, inner)))
    .map((i) => i + from)
    .filter((i) => Number.isFinite(values[i]))
    .map((i) => `${x(i).toFixed(1)},${y(values[i]).toFixed(1)}`);
  return (
    <figure className="small-multiple">
      <figcaption>
        <span className="muted">{title}</span> <span className="number">{to > from ? short(values[to - 1]) : ""}</span>
      </figcaption>
      <svg width={width} height={height} role="img" aria-label={`${title}: ${short(values[Math.max(from, to - 1)])}`}>
        <line className="ground" x1={left} x2={width - right} y1={height - 1} y2={height - 1} />
        <text x={left - 8} y={12} textAnchor="end">
          {short(Number(top.toPrecision(2)))}
        </text>
        <svg x={left} width={Math.max(0, inner)} height={height}>
          <polyline points={points.join(" ")} />
        </svg>
      </svg>
    </figure>
  );
}
