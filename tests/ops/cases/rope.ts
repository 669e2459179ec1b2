import { nd, ndUint } from "../../../src/engine/reference/nd-array.ts";
import { type Heads, packedWidth } from "../../../src/ops/attention-heads.ts";
import { type RopeScaling, rope, ropeTable } from "../../../src/ops/rope.ts";
import { type OpCase, noise } from "./op-case.ts";

const llama3: RopeScaling = { type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 };

function ropeCase(batch: number, tokens: number, heads: Heads, scaling: RopeScaling | null, position?: number): OpCase {
  const { headSize } = heads;
  const table = nd([32, headSize], ropeTable({ theta: 10000, headSize, maxPositions: 32, scaling }));
  const qkv = noise([batch, tokens, packedWidth(heads)], tokens);
  return {
    name: `rope B=${batch} T=${tokens} H=${heads.heads} G=${heads.kvHeads} D=${headSize}${position === undefined ? "" : ` from position ${position}`}`,
    inputs: position === undefined ? { qkv, table } : { qkv, table, position: ndUint([1], [position]) },
    build: ({ qkv, table, position }) => [rope(qkv, table, position ? { ...heads, positions: position } : heads)],
    wrt: ["qkv"],
    tolerance: 1e-6,
  };
}

export const cases: OpCase[] = [
  ropeCase(2, 5, { heads: 4, kvHeads: 2, headSize: 4 }, null),
  ropeCase(2, 17, { heads: 2, kvHeads: 1, headSize: 8 }, { type: "linear", factor: 4 }),
  ropeCase(1, 3, { heads: 4, kvHeads: 2, headSize: 64 }, llama3),
  ropeCase(2, 1, { heads: 4, kvHeads: 2, headSize: 12 }, null, 19),
  ropeCase(1, 4, { heads: 2, kvHeads: 2, headSize: 16 }, null, 7),
];
