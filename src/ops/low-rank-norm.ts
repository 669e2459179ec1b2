// low-rank-norm.ts — ‖scale·B·A‖_F of up to 4 sites without forming B·A: ‖BA‖² = Σ_ij (A Aᵀ)_ij (BᵀB)_ij, r×r products of rows.
// a (R, K): the sites' A (r_s, K) one after another; b (flat): their Bᵀ (r_s, out_s) likewise; scales (any) → (n). Launch 1: every product
// i ≥ j, doubled off the diagonal; launch 2: their sum per site. A rank of 0 gives 0. r up to 256.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, size, spec } from "../engine/tensor.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import productsCode from "./low-rank-norm.products.wgsl?raw";
import treeCode from "./low-rank-norm.tree.wgsl?raw";
import code from "./low-rank-norm.wgsl?raw";

const products = kernel("low-rank-norm.products", productsCode);
const sums = { cpu: kernel("low-rank-norm", code), gpu: kernel("low-rank-norm.tree", treeCode) };

export interface LowRankSites {
  readonly ranks: readonly number[];
  readonly outs: readonly number[];
  /** Which element of `scales` is the site's. */
  readonly scaleIndex: readonly number[];
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
/** Sum of all before. */
const starts = (values: readonly number[]): number[] => values.map((_, i) => total(values.slice(0, i)));
const squares = (ranks: readonly number[]): number[] => ranks.map((r) => r * r);
const sizes = ({ ranks, outs }: LowRankSites): number[] => ranks.map((r, s) => r * outs[s]);

export const lowRankNormOp = defineOp<LowRankSites>({
  name: "lowRankNorm",
  infer([a, b, scales], sites) {
    const { ranks, outs, scaleIndex } = sites;
    if (ranks.length < 1 || ranks.length > 4 || outs.length !== ranks.length || scaleIndex.length !== ranks.length)
      throw new ShapeError(`ranks [${ranks}], outs [${outs}], scaleIndex [${scaleIndex}] must be as long as each other, 1 to 4`);
    if (a.shape.length !== 2 || a.shape[1] % 4 || a.shape[0] < total(ranks))
      throw new ShapeError(`A ${show(a)} does not hold ranks [${ranks}] in rows of whole vec4s`);
    if (outs.some((out) => out % 4) || size(b.shape) < total(sizes(sites)))
      throw new ShapeError(`B ${show(b)} does not hold Bᵀ of ranks [${ranks}] with outs [${outs}], which must be multiples of 4`);
    if (scaleIndex.some((i) => i < 0 || i >= size(scales.shape))) throw new ShapeError(`scaleIndex [${scaleIndex}] does not fit scales ${show(scales)}`);
    return [spec([ranks.length]), spec([Math.max(1, total(squares(ranks)))])];
  },
  lower({ inputs: [a, b, scales], outputs: [y, scratch], attrs }, target) {
    const { ranks, outs, scaleIndex } = attrs;
    const n = ranks.length;
    const rowStarts = starts(ranks);
    const bStarts = starts(sizes(attrs));
    const first = starts(squares(ranks));
    const dims = {
      columns: a.shape[1] / 4,
      count: total(squares(ranks)),
      first,
      sites: ranks.flatMap((r, s) => [r, outs[s] / 4, rowStarts[s], bStarts[s] / 4]),
    };
    const sum = { dims: { sites: n, ranks, first, scaleIndex }, args: [scratch, scales, y] };
    return [
      { kernel: products, dims, args: [a, b, scratch], grid: grid1d(dims.count, 64) },
      { kernel: sums[target.class], ...sum, grid: [target.class === "cpu" ? 1 : n, 1, 1] },
    ];
  },
  onnx({ inputs: [a, b, scales], outputs: [y], attrs }, to) {
    const { ranks, outs, scaleIndex } = attrs;
    const K = a.shape[1];
    const [rowStarts, bStarts] = [starts(ranks), starts(sizes(attrs))];
    const norms = ranks.map((r, s) => {
      if (r === 0) return to.f32([0]);
      const square = (rows: Value): Value => to.add("Gemm", [rows, rows], { transB: 1 }); // (r, r)
      const products = to.add("Mul", [square(to.part(a, rowStarts[s] * K, [r, K])), square(to.part(b, bStarts[s], [r, outs[s]]))]);
      const sum = to.add("ReduceSum", [to.reshape(products, [-1])]); // (1)
      const norm = to.add("Sqrt", [to.add("Max", [sum, to.f32([0])])]);
      return to.add("Mul", [norm, to.add("Abs", [to.part(scales, scaleIndex[s], [1])])]);
    });
    to.set(y, to.concat(norms, 0));
  },
  ref([a, b, scales], sites) {
    const { ranks, outs, scaleIndex } = sites;
    const K = a.shape[1];
    const [rowStarts, bStarts] = [starts(ranks), starts(sizes(sites))];
    const norms = ranks.map((r, s) => {
      let sum = 0;
      for (let o = 0; o < outs[s]; o++)
        for (let k = 0; k < K; k++) {
          let element = 0;
          for (let i = 0; i < r; i++) element += b.data[bStarts[s] + i * outs[s] + o] * a.data[(rowStarts[s] + i) * K + k];
          sum += element * element;
        }
      return Math.abs(scales.data[scaleIndex[s]]) * Math.sqrt(sum);
    });
    return [nd([ranks.length], norms), nd([Math.max(1, total(squares(ranks)))])];
  },
});

/** a (R, K), b (Σ r·out), scales (any) → (sites): ‖scale·B·A‖_F of each. */
export const lowRankNorm = (a: Tensor, b: Tensor, scales: Tensor, sites: LowRankSites): Tensor => lowRankNormOp.apply([a, b, scales], sites)[0];
