// fisher.ts — Σ_channels ½ mean_batch (Σ_t a · ∂L/∂a)² of up to 4 sites, a = the site's low-rank output scale · P B, which is never formed.
// P (B, T, R), dy (B, T, N), Bᵀ (r, out) per site one after another (flat), scales (any) → (n), scratch (B, N / 4).
// A proxy of pruning (Theis et al. 2018, https://arxiv.org/abs/1801.05787), here on LoRA's branch; sums over t lie inside the square.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, last, show, size, spec } from "../engine/tensor.ts";
import channelsCode from "./fisher.channels.wgsl?raw";
import treeCode from "./fisher.tree.wgsl?raw";
import code from "./fisher.wgsl?raw";

const channels = kernel("fisher.channels", channelsCode);
const sums = { cpu: kernel("fisher", code), gpu: kernel("fisher.tree", treeCode) };

export interface FisherSite {
  readonly r: number;
  readonly out: number;
  /** First column of P and of dy, start in B, in elements. */
  readonly rankAt: number;
  readonly outAt: number;
  readonly blockAt: number;
  /** Which element of `scales` is the site's. */
  readonly scale: number;
}

export const fisherOp = defineOp<{ sites: readonly FisherSite[] }>({
  name: "fisher",
  infer([P, dy, B], { sites }) {
    if (P.shape.length !== 3 || dy.shape.length !== 3 || `${P.shape.slice(0, 2)}` !== `${dy.shape.slice(0, 2)}`)
      throw new ShapeError(`P ${show(P)} and dy ${show(dy)} must be (B, T, R) and (B, T, N)`);
    if (sites.length < 1 || sites.length > 4) throw new ShapeError(`${sites.length} sites, 1 to 4 are taken`);
    for (const s of sites)
      if (
        s.out % 4 ||
        s.outAt % 4 ||
        s.blockAt % 4 ||
        s.rankAt + s.r > last(P.shape) ||
        s.outAt + s.out > last(dy.shape) ||
        s.blockAt + s.r * s.out > size(B.shape)
      )
        throw new ShapeError(`site ${JSON.stringify(s)} does not lie in P ${show(P)}, dy ${show(dy)}, B ${show(B)} in whole vec4s`);
    return [spec([sites.length]), spec([dy.shape[0], last(dy.shape) / 4])];
  },
  lower({ inputs: [P, dy, B, scales], outputs: [y, scratch], attrs: { sites } }, target) {
    const [batch, columns] = scratch.shape;
    const four = (of: (s: FisherSite) => number): number[] => sites.map(of);
    const outs = four((s) => s.out / 4);
    const site = sites.flatMap((s) => [s.r, s.rankAt, s.outAt / 4, s.blockAt / 4]);
    const dims = { batch, tokens: P.shape[1], columns, ranks: last(P.shape), sites: sites.length, site, outs };
    const total = { batch, columns, sites: sites.length, first: four((s) => s.outAt / 4), outs, scaleIndex: four((s) => s.scale) };
    const work = sites.reduce((sum, s) => sum + 2 * batch * P.shape[1] * s.out * (s.r + 1), 0);
    return [
      { kernel: channels, dims, args: [P, dy, B, scratch], grid: grid1d(batch * columns, 64), flops: work },
      { kernel: sums[target.class], dims: total, args: [scratch, scales, y], grid: [target.class === "cpu" ? 1 : sites.length, 1, 1] },
    ];
  },
  onnx({ inputs: [P, dy, B, scales], outputs: [y], attrs: { sites } }, to) {
    const [batch, tokens] = dy.shape;
    const scores = sites.map((s) => {
      const p = to.reshape(to.columns(P, s.rankAt, s.r), [batch * tokens, s.r]);
      const low = to.reshape(to.add("Gemm", [p, to.part(B, s.blockAt, [s.r, s.out])]), [batch, tokens, s.out]);
      const perChannel = to.reduce("ReduceSum", to.add("Mul", [low, to.columns(dy, s.outAt, s.out)]), 1); // (B, 1, out)
      const sum = to.add("ReduceSum", [to.reshape(to.add("Mul", [perChannel, perChannel]), [-1])]);
      const scale = to.part(scales, s.scale, [1]);
      return to.add("Mul", [to.add("Mul", [sum, to.f32([0.5 / batch])]), to.add("Mul", [scale, scale])]);
    });
    to.set(y, to.concat(scores, 0));
  },
  ref([P, dy, B, scales], { sites }) {
    const [batch, tokens, N] = dy.shape;
    const R = last(P.shape);
    const scores = sites.map((s) => {
      let sum = 0;
      for (let b = 0; b < batch; b++)
        for (let o = 0; o < s.out; o++) {
          let channel = 0;
          for (let t = b * tokens; t < (b + 1) * tokens; t++) {
            let low = 0;
            for (let r = 0; r < s.r; r++) low += P.data[t * R + s.rankAt + r] * B.data[s.blockAt + r * s.out + o];
            channel += low * dy.data[t * N + s.outAt + o];
          }
          sum += channel ** 2;
        }
      return (scales.data[s.scale] ** 2 * sum) / (2 * batch);
    });
    return [nd([sites.length], scores), nd([batch, N / 4])];
  },
});

/** P (B, T, R), dy (B, T, N), B flat, scales (any) → (sites). */
export const fisher = (P: Tensor, dy: Tensor, B: Tensor, scales: Tensor, sites: readonly FisherSite[]): Tensor =>
  fisherOp.apply([P, dy, B, scales], { sites })[0];
