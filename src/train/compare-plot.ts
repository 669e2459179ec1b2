// compare-plot.ts — a comparison as an SVG picture: an arm per line, every seed a point, the mean a stroke, its interval a bar, references dashed lines
// across. Readable on a light and on a dark page.

import type { ComparisonSummary } from "../protocol/comparison.ts";
import { bare, level } from "../statistics/measure-words.ts";
import { ticks } from "../statistics/ticks.ts";

const [LEFT, RIGHT, TOP, ROW, WIDTH, BOTTOM] = [230, 24, 34, 44, 820, 44];

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2430; }
  .small { font-size: 11px; fill: #5c6370; }
  .grid { stroke: #d9dce3; } .mean { stroke: #1f2430; stroke-width: 3; }
  .interval { stroke: #2f6fb5; stroke-width: 7; stroke-opacity: 0.35; } .point { fill: #2f6fb5; fill-opacity: 0.75; }
  .reference { stroke: #a8561b; stroke-dasharray: 6 5; stroke-width: 1.5; } .reference-point { fill: #a8561b; fill-opacity: 0.75; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6e8ee; } .small { fill: #a2a8b4; } .grid { stroke: #3a404c; } .mean { stroke: #e6e8ee; }
    .interval { stroke: #7db4ee; } .point { fill: #7db4ee; } .reference { stroke: #e09a5d; } .reference-point { fill: #e09a5d; }
  }`;

const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export function plotSvg({ arms, measure, on, rows }: ComparisonSummary): string {
  const values = arms.flatMap((a) => [...a.points.map((p) => p.value), ...(a.interval ?? [])]);
  const height = TOP + arms.length * ROW + BOTTOM;
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`;
  if (!values.length) return `${open}<style>${STYLE}</style><text x="20" y="30">Nothing has finished yet.</text></svg>\n`;
  const marks = ticks(Math.min(...values), Math.max(...values));
  const [low, high] = [marks[0], marks.at(-1)!];
  const x = (v: number): string => (LEFT + ((WIDTH - LEFT - RIGHT) * (v - low)) / Math.max(1e-12, high - low)).toFixed(1);
  const bottom = TOP + arms.length * ROW;
  const line = (a: string, b: string, y1: number, y2: number, name: string): string => `<line x1="${a}" x2="${b}" y1="${y1}" y2="${y2}" class="${name}"/>`;
  const axis = marks.flatMap((v) => [
    line(x(v), x(v), TOP, bottom, "grid"),
    `<text x="${x(v)}" y="${bottom + 18}" text-anchor="middle" class="small">${bare(v, measure)}</text>`,
  ]);
  const references = arms.flatMap((a) => (a.reference && a.mean !== null ? [line(x(a.mean), x(a.mean), TOP, bottom, "reference")] : []));
  const drawn = arms.flatMap((a, i) => {
    const y = TOP + (i + 0.5) * ROW;
    const label = `<text x="${LEFT - 12}" y="${y}" text-anchor="end">${escaped(a.name)}</text>`;
    const under = a.mean === null ? "no run yet" : `${level(a.mean, measure)}${a.reference ? ", reference" : ""}`;
    const second = `<text x="${LEFT - 12}" y="${y + 15}" text-anchor="end" class="small">${under}</text>`;
    const bar = a.interval && !a.reference ? [line(x(a.interval[0]), x(a.interval[1]), y, y, "interval")] : [];
    const mean = a.mean !== null ? [line(x(a.mean), x(a.mean), y - 11, y + 11, a.reference ? "reference" : "mean")] : [];
    const points = a.points.map((p) => `<circle cx="${x(p.value)}" cy="${y}" r="4.5" class="${a.reference ? "reference-point" : "point"}"><title>${escaped(a.name)}, seed ${p.seed}: ${level(p.value, measure)}</title></circle>`); // prettier-ignore
    return [label, second, ...bar, ...points, ...mean];
  });
  const title = `${measure} of ${rows} ${on === "test" ? "test" : "held-out"} rows: every seed a point, mean, 95 % interval`;
  return [
    open,
    `<title>${escaped(title)}</title><style>${STYLE}</style>`,
    `<text x="12" y="20" class="small">${escaped(title)}</text>`,
    ...axis,
    ...references,
    ...drawn,
    "</svg>",
    "",
  ].join("\n");
}
