// lora.ts — y = W x + (α/r) · B A x, A ~ U(±1/√in), B = 0. Hu et al. 2021, https://arxiv.org/abs/2106.09685
// B is kept transposed, (r, out), and r is padded to a multiple of 4 with zeros: a zero row of A with a zero row of Bᵀ has zero gradients and stays zero.

import { pad4 } from "../engine/tensor.ts";
import type { Adapter } from "./adapter.ts";

export const lora: Adapter = {
  name: "lora",
  paper: "2106.09685",
  scaling: (alpha, r) => alpha / r,
  params: (site, r) => ({
    A: { shape: [pad4(r), site.in], init: { kind: "kaiming", fanIn: site.in, usedRows: r } },
    B: { shape: [pad4(r), site.out], init: { kind: "zero" } },
  }),
  forward: (x, base, { A, B }, ctx) => {
    const dropped = ctx.dropout(x);
    return base(x, { A, B, scales: ctx.scales, index: [ctx.index], ranks: [pad4(ctx.r)], x: dropped === x ? undefined : dropped });
  },
};
