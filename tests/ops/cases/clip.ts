import { ndUint } from "../../../src/engine/reference/nd-array.ts";
import { gradNorms } from "../../../src/ops/clip.ts";
import { type Segment, encodeSegments } from "../../../src/ops/segments.ts";
import { type OpCase, noise } from "./op-case.ts";

/** Lengths with a gap after each, every third inactive. */
export const segmentsOf = (...lengths: number[]): Segment[] => {
  let offset = 8;
  return lengths.map((length, i) => {
    const at = offset;
    offset = ((offset + length + 3) & ~3) + 4 * (i % 3);
    return { offset: at, length, active: i % 3 !== 1, step: 10 * i, lrScale: 1 + i / 4, weightDecay: i % 2 ? 0.1 : 0 };
  });
};
export const tableOf = (segments: readonly Segment[]) => ndUint([segments.length, 8], encodeSegments(segments));
/** Elements of a buffer that holds them, with some to spare. */
export const roomFor = (segments: readonly Segment[]): number => ((segments.at(-1)!.offset + segments.at(-1)!.length + 3) & ~3) + 12;

const clipCase = (...lengths: number[]): OpCase => {
  const segments = segmentsOf(...lengths);
  return {
    name: `gradient norms of ${lengths.length} segments`,
    inputs: { g: noise([roomFor(segments)]), segments: tableOf(segments) },
    build: ({ g, segments }) => Object.values(gradNorms(g, segments)),
    wrt: [],
    tolerance: 1e-6,
  };
};

export const cases: OpCase[] = [clipCase(5), clipCase(64, 12, 3, 20000, 8), clipCase(...Array.from({ length: 300 }, (_, i) => 4 + (i % 7)))];
