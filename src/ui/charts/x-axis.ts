// x-axis.ts — the horizontal axis of curves: steps, time or tokens; and which part of it is shown. Pure.
import type { RunView } from "../fold.ts";
import { count } from "../format.ts";

export const overs = ["step", "time", "tokens"] as const;
export type Over = (typeof overs)[number];

type Steps = RunView["steps"];
export type Range = readonly [from: number, to: number];

/** Where each step lies: its number, seconds of training so far, or tokens read so far. Ascending. */
export function positions({ columns, length }: Steps, over: Over): Float64Array {
  if (over === "step") return columns.step.subarray(0, length);
  let read = 0;
  return Float64Array.from({ length }, (_, i) => (over === "time" ? columns.time[i] / 1000 : (read += columns.tokens[i])));
}

/** How many of the ascending values are at most `limit`. */
export function upTo(values: ArrayLike<number>, limit: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where something lies that happened after `step`: at 0 before the first step. */
export function positionOf({ columns, length }: Steps, xs: Float64Array, step: number): number {
  const before = upTo(columns.step.subarray(0, length), step);
  return before === 0 ? 0 : xs[before - 1];
}

/** All that there is to show: a run over steps is as long as it will be. */
export function allOf(steps: Steps, over: Over, total: number): Range {
  const newest = positions(steps, over).at(-1) ?? 0;
  return [0, over === "step" ? Math.max(total, newest) : newest || 1];
}

/** Of several runs: as long as the longest. */
export const allOfAll = (runs: readonly { steps: Steps }[], over: Over): Range => [
  0,
  Math.max(1e-3, ...runs.map(({ steps }) => positions(steps, over).at(-1) ?? 0)),
];

/** Which steps lie in what is shown, from index to index (not included), and one more on either side: curves go on to the edges. */
export function part(xs: Float64Array, [from, to]: Range): Range {
  return [Math.max(0, upTo(xs, from) - 1), Math.min(xs.length, upTo(xs, to) + 1)];
}

/** What is looked at: everything (null) or a part; follow: the part moves on with the newest step. */
export interface Zoom {
  range: Range | null;
  follow: boolean;
}

export const everything: Zoom = { range: null, follow: false };

/** What a zoom shows of an axis; newest: where the last step lies. */
export function shownOf({ range, follow }: Zoom, all: Range, newest: number): Range {
  if (!range) return all;
  const width = range[1] - range[0];
  return follow && newest - width > all[0] ? [newest - width, newest] : range;
}

/** by < 1: nearer, around the middle, or with the newest step at the right where it is followed. No nearer than `least`. */
export function scaled(zoom: Zoom, all: Range, newest: number, by: number, least: number): Zoom {
  const [from, to] = shownOf(zoom, all, newest);
  const width = Math.max(least, (to - from) * by);
  if (width >= all[1] - all[0]) return everything;
  const middle = zoom.follow ? newest - width / 2 : (from + to) / 2;
  return within(middle - width / 2, width, all, zoom.follow);
}

/** To the left or right, by a share of what is shown; the newest step is no longer followed. */
export function moved(zoom: Zoom, all: Range, newest: number, by: number): Zoom {
  const [from, to] = shownOf(zoom, all, newest);
  return zoom.range ? within(from + by * (to - from), to - from, all, false) : zoom;
}

/** The last quarter, moving on; a part that is looked at keeps its width. */
export function following(zoom: Zoom, all: Range, newest: number): Zoom {
  const width = zoom.range ? zoom.range[1] - zoom.range[0] : (all[1] - all[0]) / 4;
  return within(newest - width, width, all, true);
}

function within(from: number, width: number, all: Range, follow: boolean): Zoom {
  const start = Math.min(Math.max(all[0], from), all[1] - width);
  return { range: [start, start + width], follow };
}

/** Seconds that are round on a clock. */
const clockStrides = [2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

function decimalStride(rough: number): number {
  const ten = 10 ** Math.floor(Math.log10(rough));
  return ten * [1, 2, 5, 10].find((one) => one * ten >= rough * (1 - 1e-9))!;
}

/** About six round places between from and to; whole ones of steps and tokens. */
export function xTicks([from, to]: Range, over: Over): number[] {
  const rough = Math.max(to - from, 1e-6) / 7;
  const clock = over === "time" && rough > 1 ? clockStrides.find((stride) => stride >= rough) : undefined;
  const stride = clock ?? (over === "time" ? decimalStride(rough) : Math.max(1, decimalStride(rough)));
  const first = Math.ceil(from / stride - 1e-9);
  return Array.from({ length: Math.floor(to / stride + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * stride).toPrecision(12)));
}

/** "07", "07.5". */
const two = (n: number): string => (n < 10 ? `0${n}` : String(n));

/** Decimals that tell numbers apart which lie `apart` from each other. */
const decimals = (apart: number): number => Math.max(0, -Math.floor(Math.log10(apart) + 1e-9));

/** "1,200", "64k" tokens; "45 s", "3:20", "1:03:20". apart: from label to label of an axis; absent: one by itself, exact. */
export function xLabel(x: number, over: Over, apart?: number): string {
  if (over === "step" || (over === "tokens" && (!apart || x < 1e3))) return count(Math.round(x));
  if (over === "tokens") {
    const [unit, letter] = x < 1e6 ? [1e3, "k"] : [1e6, "M"];
    return Number((x / unit).toFixed(decimals(apart! / unit))) + letter;
  }
  if (x < 60) return `${Number(x.toFixed(apart ? decimals(apart) : 2))} s`;
  const seconds = Number(x.toFixed(apart ? decimals(apart) : 0));
  const minutes = Math.floor(seconds / 60);
  const rest = two(Number((seconds % 60).toFixed(6)));
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}
