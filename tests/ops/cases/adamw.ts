import { nd } from "../../../src/engine/reference/nd-array.ts";
import { adamw } from "../../../src/ops/adamw.ts";
import { gradNorms } from "../../../src/ops/clip.ts";
import { roomFor, segmentsOf, tableOf } from "./clip.ts";
import { type OpCase, noise } from "./op-case.ts";

/** [learningRate, beta1, beta2, eps, maxNorm, gradScale, 0, 0] as f32. */
export const scalarsOf = (learningRate: number, beta1: number, beta2: number, eps: number, maxNorm: number, gradScale: number) =>
  nd([8], Float32Array.of(learningRate, beta1, beta2, eps, maxNorm, gradScale, 0, 0));

const adamwCase = (name: string, lengths: number[], scalars: OpCase["inputs"][string]): OpCase => {
  const segments = segmentsOf(...lengths);
  const shape = [roomFor(segments)];
  return {
    name: `adamw, ${name}`,
    inputs: { p: noise(shape), g: noise(shape, 2), m: noise(shape, 3), v: nd(shape, noise(shape, 4).data.map(Math.abs)), segments: tableOf(segments), scalars },
    build: ({ p, g, m, v, segments, scalars }) => Object.values(adamw({ p, g, m, v, segments }, scalars, gradNorms(g, segments).total)),
    wrt: [],
    tolerance: 2e-6,
  };
};

export const cases: OpCase[] = [
  adamwCase("clipped", [64, 12, 3, 300, 8, 8, 257], scalarsOf(1e-2, 0.9, 0.999, 1e-8, 0.5, 0.25)),
  adamwCase("norm below the limit", [5, 4, 9], scalarsOf(1e-2, 0.9, 0.95, 1e-3, 1e3, 1)),
  adamwCase("no clipping", [4], scalarsOf(1e-3, 0, 0.3, 1e-8, 0, 2)),
];
