import { nd, ndInt } from "../../../src/engine/reference/nd-array.ts";
import type { AttentionAttrs } from "../../../src/ops/attention-heads.ts";
import { packedWidth } from "../../../src/ops/attention-heads.ts";
import { attention } from "../../../src/ops/attention.ts";
import { type OpCase, noise } from "./op-case.ts";

type Padding = "none" | "left" | "right" | "all of row 0";

/** Row b of the mask hides b + 1 keys at its left or right (at least one stays), or all of row 0. */
export const paddingMask = (batch: number, tokens: number, padding: Padding) =>
  ndInt(
    [batch, tokens],
    Array.from({ length: batch * tokens }, (_, i) => {
      const [b, t] = [Math.floor(i / tokens), i % tokens];
      const hidden = Math.min(b + 1, tokens - 1);
      if (padding === "left") return Number(t >= hidden);
      if (padding === "right") return Number(t < tokens - hidden);
      return Number(padding === "none" || b > 0);
    }),
  );

interface Example extends AttentionAttrs {
  batch: number;
  tokens: number;
  padding: Padding;
}

const example = (batch: number, tokens: number, heads: number, kvHeads: number, headSize: number, causal: boolean, padding: Padding, scale?: number): Example => ({
  batch,
  tokens,
  heads,
  kvHeads,
  headSize,
  causal,
  padding,
  ...(scale ? { scale } : {}),
}); // prettier-ignore

export const attentionCase = ({ batch, tokens, padding, ...attrs }: Example, seed: number): OpCase => ({
  name: `attention B=${batch} T=${tokens} H=${attrs.heads} G=${attrs.kvHeads} D=${attrs.headSize}${attrs.causal ? " causal" : ""}, padding: ${padding}`,
  // Scores up to ±√D·4/3: some rows attend sharply, some widely.
  inputs: { qkv: double(noise([batch, tokens, packedWidth(attrs)], seed)), mask: paddingMask(batch, tokens, padding) },
  build: ({ qkv, mask }) => [attention(qkv, mask, attrs)],
  wrt: ["qkv"],
  tolerance: 5e-6,
});

const double = (a: ReturnType<typeof noise>) => nd(a.shape, a.data.map((v) => 2 * v)); // prettier-ignore

export const cases: OpCase[] = [
  example(2, 5, 4, 2, 4, true, "none"),
  example(1, 17, 4, 1, 8, true, "none"),
  example(2, 1, 2, 2, 16, true, "none"),
  example(2, 17, 4, 2, 8, false, "right"),
  example(2, 17, 2, 2, 4, true, "left"),
  example(2, 5, 4, 2, 16, true, "right"),
  example(2, 5, 4, 2, 32, true, "left"),
  example(1, 6, 6, 2, 12, false, "none", 0.5),
  example(2, 5, 2, 1, 64, true, "right"),
  example(2, 5, 4, 2, 8, true, "all of row 0"),
  example(2, 3, 2, 1, 8, false, "all of row 0"),
].map(attentionCase);

/** Long heads and rows: too slow for central differences. Run by attention.test.ts. */
export const largeCases: OpCase[] = [
  example(2, 19, 2, 1, 64, true, "left"),
  example(1, 33, 4, 2, 32, false, "right"),
  example(1, 5, 2, 1, 128, true, "right"),
  example(1, 3, 2, 2, 256, true, "none"),
].map((e, i) => attentionCase(e, i + 100));
