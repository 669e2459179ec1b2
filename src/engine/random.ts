// random.ts — counter-based random numbers, equal on every backend: a number is a pure function of its key. Each key word is folded in with the
// finaliser of MurmurHash3 (Appleby, public domain). ops/dropout.wgsl is the same function; a test holds the two bit-equal.

/** Finaliser of MurmurHash3: a bijection on u32 in which every input bit reaches every output bit. */
function fmix32(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** u32 of any number of integer keys (their low 32 bits count): h = 0, then h = fmix32((h ^ key) + 0x9e3779b9) per key. */
export function hash(...keys: number[]): number {
  let h = 0;
  for (const key of keys) h = fmix32((h ^ key) + 0x9e3779b9);
  return h;
}
