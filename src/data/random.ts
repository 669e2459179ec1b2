// random.ts — counter-based random numbers for the host: a number is a pure function of its key, so nothing depends on
// the order of calls, the machine or the engine. Every key is folded with the finaliser of MurmurHash3 (Appleby).

/** Finaliser of MurmurHash3: a bijection on u32 in which every input bit reaches every output bit. */
function finalise(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** u32 of a seed and any number of integer keys (their low 32 bits count). The constant keeps runs of zeros from staying zero. */
export function hash(seed: number, ...keys: number[]): number {
  let h = finalise(seed + 0x9e3779b9);
  for (const key of keys) h = finalise((h ^ key) + 0x9e3779b9);
  return h;
}

/** u32 of a text, by its UTF-16 units. */
export function hashText(seed: number, text: string): number {
  let h = finalise(seed + 0x9e3779b9);
  for (let i = 0; i < text.length; i++) h = finalise((h ^ text.charCodeAt(i)) + 0x9e3779b9);
  return h;
}

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
