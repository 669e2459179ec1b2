// plot.tsx — a comparison as a picture: an arm per line, every seed a point, a stroke at the mean, a bar for its interval, references as dashed lines
// across. The table below it says the same in numbers.
import { useRef } from "react";
import type { ArmSummary, ComparisonSummary } from "../../protocol.ts";
import { bare, level } from "../../statistics/measure-words.ts";
import { ticks } from "../../statistics/ticks.ts";
import { SaveChart } from "../charts/save-chart.tsx";
import { useWidth } from "../context.ts";
import { text } from "../strings.ts";

const words = text.comparison;
const [ROW, SIDE, TOP, BOTTOM] = [54, 18, 4, 26];

export function Plot({ summary: { arms, measure, on, rows } }: { summary: ComparisonSummary }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const drawn = useRef<HTMLElement>(null);
  const values = arms.flatMap((arm) => [...arm.points.map((p) => p.value), ...(arm.interval ?? [])]);
  const marks = ticks(Math.min(...values), Math.max(...values));
  const [low, high] = [marks[0], marks.at(-1)!];
  const x = (value: number) => SIDE + ((width - 2 * SIDE) * (value - low)) / Math.max(1e-12, high - low);
  const bottom = TOP + arms.length * ROW;
  return (
    <figure className="comparison-plot" ref={drawn}>
      <div ref={ref}>
        {width > 0 && (
          <svg width={width} height={bottom + BOTTOM} role="img" aria-label={words.plot(words.of[on](measure, rows))}>
            {marks.map((mark) => (
              <g key={mark}>
                <line className="grid" x1={x(mark)} x2={x(mark)} y1={TOP} y2={bottom} />
                <text className="tick" x={x(mark)} y={bottom + 17} textAnchor="middle">
                  {bare(mark, measure)}
                </text>
              </g>
            ))}
            {arms.map(
              (arm) =>
                arm.reference && arm.mean !== null && <line key={arm.name} className="reference" x1={x(arm.mean)} x2={x(arm.mean)} y1={TOP} y2={bottom} />,
            )}
            {arms.map((arm, i) => (
              <Strip key={arm.name} arm={arm} top={TOP + i * ROW} x={x} measure={measure} />
            ))}
          </svg>
        )}
      </div>
      <figcaption className="legend small muted">
        <Key name="point" />
        <Key name="mean" />
        <Key name="interval" />
        {arms.some(({ reference }) => reference) && <Key name="reference" />}
        <SaveChart of={drawn} what="comparison" />
      </figcaption>
    </figure>
  );
}

function Strip({ arm, top, x, measure }: { arm: ArmSummary; top: number; x: (value: number) => number; measure: string }) {
  const { name, reference, points, mean, interval } = arm;
  const y = top + 36;
  return (
    <g className={reference ? "strip outside" : "strip"}>
      <text x={SIDE} y={top + 17}>
        {name}
        <tspan className="tick" dx="8">
          {mean === null ? words.waiting : level(mean, measure)}
        </tspan>
      </text>
      {interval && !reference && <line className="interval" x1={x(interval[0])} x2={x(interval[1])} y1={y} y2={y} />}
      {points.map(({ seed, value }) => (
        <circle key={seed} cx={x(value)} cy={y} r="4.5">
          <title>{`${name}, ${words.seed(seed)}: ${level(value, measure)}`}</title>
        </circle>
      ))}
      {mean !== null && <line className="mean" x1={x(mean)} x2={x(mean)} y1={y - 10} y2={y + 10} />}
    </g>
  );
}

function Key({ name }: { name: keyof typeof words.legend }) {
  return (
    <span className="comparison-key">
      <svg width="22" height="14" aria-hidden="true" className={name === "reference" ? "strip outside" : "strip"}>
        {name === "point" && <circle cx="11" cy="7" r="4.5" />}
        {name === "mean" && <line className="mean" x1="11" x2="11" y1="1" y2="13" />}
        {name === "interval" && <line className="interval" x1="2" x2="20" y1="7" y2="7" />}
        {name === "reference" && <line className="reference" x1="1" x2="21" y1="7" y2="7" />}
      </svg>
      {words.legend[name]}
    </span>
  );
}
