import { ndUint } from "../../../src/engine/reference/nd-array.ts";
import { attentionCached, cacheAppend } from "../../../src/ops/attention-cached.ts";
import { type Heads, packedWidth } from "../../../src/ops/attention-heads.ts";
import { type OpCase, noise } from "./op-case.ts";

const cachedCase = (batch: number, rows: number, position: number, heads: Heads): OpCase => ({
  name: `attentionCached B=${batch} rows=${rows} position=${position} H=${heads.heads} G=${heads.kvHeads} D=${heads.headSize}`,
  inputs: {
    qkv: noise([batch, 1, packedWidth(heads)], 1),
    cacheK: noise([batch, rows, heads.kvHeads * heads.headSize], 2),
    cacheV: noise([batch, rows, heads.kvHeads * heads.headSize], 3),
    position: ndUint([1], [position]),
  },
  build: ({ qkv, cacheK, cacheV, position }) => {
    const [k, v] = cacheAppend(cacheK, cacheV, qkv, position);
    return [attentionCached(qkv, k, v, position, heads), k, v];
  },
  wrt: [],
  tolerance: 5e-6,
});

export const cases: OpCase[] = [
  cachedCase(2, 5, 0, { heads: 4, kvHeads: 2, headSize: 4 }),
  cachedCase(1, 7, 6, { heads: 4, kvHeads: 1, headSize: 8 }),
  cachedCase(3, 40, 17, { heads: 6, kvHeads: 2, headSize: 12 }),
  cachedCase(2, 9, 3, { heads: 2, kvHeads: 2, headSize: 64 }),
];
