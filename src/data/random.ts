// random.ts — counter-based random numbers for the host: a number is a pure function of its key, so nothing depends on
// the order of calls or the machine. The hash is the engine's own.

import { hash } from "../engine/random.ts";

export { hash };

/** u32 of a text, by its UTF-16 units. */
export const hashText = (seed: number, text: string): number => hash(seed, ...Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)));

/** Uniform in [0, 1). */
export const random = (seed: number, ...keys: number[]): number => hash(seed, ...keys) / 2 ** 32;

/** Uniform integer in [0, n). */
export const below = (n: number, seed: number, ...keys: number[]): number => Math.floor(random(seed, ...keys) * n);

export function pick<T>(items: readonly T[], seed: number, ...keys: number[]): T {
  return items[below(items.length, seed, ...keys)];
}

/** A permutation of 0 … n − 1 (Fisher–Yates). */
export function shuffle(n: number, seed: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = below(i + 1, seed, i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
