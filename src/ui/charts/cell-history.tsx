// cell-history.tsx — how one place fared in the allocations of a run: its score as a line, a filled point where it was on.
import { useRef } from "react";
import { csv } from "../csv.ts";
import { short } from "../format.ts";
import { text } from "../strings.ts";
import type { SiteHistory } from "./allocations.ts";
import { SaveChart } from "./save-chart.tsx";

const [width, height, pad] = [180, 40, 5];

/** name: of the place. */
export function CellHistory({ name, history }: { name: string; history: readonly SiteHistory[] }) {
  const drawn = useRef<HTMLElement>(null);
  const scores = history.map(({ score }) => score);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const [from, to] = [history[0].step, history.at(-1)!.step];
  const x = (step: number): number => pad + ((width - 2 * pad) * (step - from)) / Math.max(1, to - from);
  const y = (score: number): number => (high > low ? height - pad - ((height - 2 * pad) * (score - low)) / (high - low) : height / 2);
  const words = history.map(({ step, score, on }) => `${text.loss.step} ${step}: ${short(score)}, ${on ? text.suggestion.on : text.suggestion.off}`);
  return (
    <figure className="cell-history" ref={drawn}>
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={words.join("; ")}>
        <polyline points={history.map(({ step, score }) => `${x(step)},${y(score)}`).join(" ")} />
        {history.map(({ step, score, on }) => (
          <circle key={step} cx={x(step)} cy={y(score)} r={on ? 3 : 2.5} className={on ? "on" : undefined} />
        ))}
      </svg>
      <figcaption className="muted small">
        {text.heatmap.history(history.length)}{" "}
        <SaveChart
          of={drawn}
          what="history"
          csv={() =>
            csv(
              ["name", "step", "score", "on"],
              history.map(({ step, score, on }) => [name, step, score, Number(on)]),
            )
          }
        />
      </figcaption>
    </figure>
  );
}
