// spark.tsx — a run's loss as a small line without axes.
import { short } from "../format.ts";
import { text } from "../strings.ts";

const width = 120;
const height = 34;

export function Spark({ curve, total }: { curve: readonly (readonly [step: number, loss: number])[]; total: number }) {
  const losses = curve.map(([, loss]) => loss);
  const [most, least] = [Math.max(...losses), Math.min(...losses)];
  const x = (step: number): number => (step / Math.max(1, total)) * (width - 4) + 2;
  const y = (loss: number): number => (most > least ? 3 + ((most - loss) / (most - least)) * (height - 6) : height / 2);
  const last = curve.at(-1);
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={last ? text.library.curve(short(losses[0]), short(last[1])) : text.library.noCurve}
    >
      <line x1={2} x2={width - 2} y1={height - 1} y2={height - 1} />
      {curve.length > 1 && <polyline points={curve.map(([step, loss]) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`).join(" ")} />}
      {last && <circle cx={x(last[0])} cy={y(last[1])} r={2.25} />}
    </svg>
  );
}
