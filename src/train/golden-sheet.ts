// golden-sheet.ts — how golden cases of methods are compared: the worst error of each kind of value, and orders and choices where truth is clear.

import type { Comparison, Values } from "./golden.ts";

/** max |value − truth| / max |truth|, or the plain difference where all truth is 0. */
export function worst(value: ArrayLike<number>, truth: ArrayLike<number>): number {
  if (value.length !== truth.length) return Infinity;
  let [difference, scale] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    if (!(Math.abs(value[i] - truth[i]) <= difference)) difference = Math.abs(value[i] - truth[i]);
    scale = Math.max(scale, Math.abs(truth[i]));
  }
  return scale > 0 ? difference / scale : difference;
}

const most = (values: ArrayLike<number>): number => Array.from(values).reduce((m, v) => Math.max(m, Math.abs(v)), 0);

/** Pairs in the wrong order among those that truth tells apart by more than `margin` of its largest. */
export function inversions(value: readonly number[], truth: ArrayLike<number>, margin: number): number {
  let count = 0;
  const least = margin * most(truth);
  for (let i = 0; i < value.length; i++) for (let j = 0; j < value.length; j++) if (truth[i] - truth[j] > least && !(value[i] > value[j])) count++;
  return count;
}

/** Modules on the wrong side, those at the threshold left out unless truth ties there exactly. */
export function wrongMasks(mask: ArrayLike<number>, expected: ArrayLike<number>, truth: ArrayLike<number>, margin: number): number {
  const on = Array.from(truth).filter((_, i) => expected[i] === 1);
  const off = Array.from(truth).filter((_, i) => expected[i] === 0);
  const [lowest, highest] = [Math.min(...on), Math.max(...off)];
  const near = margin * most(truth);
  const counts = (i: number): boolean => lowest === highest || Math.min(Math.abs(truth[i] - lowest), Math.abs(truth[i] - highest)) > near || lowest - highest > near; // prettier-ignore
  return Array.from(mask).filter((m, i) => m !== expected[i] && counts(i)).length;
}

/** The worst error of each kind, and every value. */
export class Sheet {
  readonly values: Values = new Map();
  private readonly byKind = new Map<string, Comparison>();
  put(name: string, data: ArrayLike<number>): void {
    this.values.set(name, { shape: [data.length], data: Float32Array.from(data) });
  }
  note(kind: string, at: string, error: number, tolerance: number): void {
    const c = this.byKind.get(kind) ?? { kind, worst: 0, at: "", tolerance, count: 0 };
    c.count++;
    if (!(error <= c.worst)) [c.worst, c.at] = [error, at];
    this.byKind.set(kind, c);
  }
  rows = (): Comparison[] => [...this.byKind.values()];
}
