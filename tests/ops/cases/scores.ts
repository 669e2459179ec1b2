import { nd } from "../../../src/engine/reference/nd-array.ts";
import { abs } from "../../../src/ops/abs.ts";
import { fisher } from "../../../src/ops/fisher.ts";
import { rescale } from "../../../src/ops/rescale.ts";
import { expressions, type SegmentExpression, segmentSums } from "../../../src/ops/segment-sums.ts";
import { roomFor, segmentsOf, tableOf } from "./clip.ts";
import { type OpCase, noise } from "./op-case.ts";

const sumsCase = (of: SegmentExpression, ...lengths: number[]): OpCase => {
  const segments = segmentsOf(...lengths);
  return {
    name: `segment sums of ${of}, ${lengths.length} segments`,
    inputs: { p: noise([roomFor(segments)], 2), g: noise([roomFor(segments)]), segments: tableOf(segments) },
    build: ({ p, g, segments }) => [segmentSums(p, g, segments, of)],
    wrt: [],
    tolerance: 1e-6,
  };
};

const sites = [
  { r: 4, out: 8, rankAt: 0, outAt: 0, blockAt: 0, scale: 2 },
  { r: 8, out: 12, rankAt: 4, outAt: 12, blockAt: 32, scale: 0 },
];

export const cases: OpCase[] = [
  ...(Object.keys(expressions) as SegmentExpression[]).flatMap((of) => [sumsCase(of, 5), sumsCase(of, 64, 12, 3, 20000, 8)]),
  { name: "abs", inputs: { x: noise([3, 7]) }, build: ({ x }) => [abs(x)], wrt: [] },
  // Forward it is x itself; its gradient is no derivative and has a test of its own.
  { name: "rescale", inputs: { x: noise([3, 7]), s: nd([1], [4]) }, build: ({ x, s }) => [abs(rescale(abs(x), s))], wrt: [] },
  {
    name: "fisher of two sites beside a column range without a branch",
    inputs: { P: noise([3, 5, 12]), dy: noise([3, 5, 24], 2), B: noise([128], 3), scales: nd([3], [2, 9, -0.5]) },
    build: ({ P, dy, B, scales }) => [fisher(P, dy, B, scales, sites)],
    wrt: [],
  },
  {
    name: "fisher of one row of one token",
    inputs: { P: noise([1, 1, 4]), dy: noise([1, 1, 4], 2), B: noise([16], 3), scales: nd([1], [2]) },
    build: ({ P, dy, B, scales }) => [fisher(P, dy, B, scales, [{ r: 4, out: 4, rankAt: 0, outAt: 0, blockAt: 0, scale: 0 }])],
    wrt: [],
  },
];
