// adapter.ts — what an adapter is: parameters per site, and a function around the site's base layer. Merging is that same function applied to the
// identity matrix, so no second piece of merge code can disagree with it.

import type { Shape, Tensor } from "../engine/tensor.ts";
import type { LowRank } from "../ops/linear.ts";

/** A place that may be adapted. */
export interface Site {
  /** Path inside the base model: model.layers.0.self_attn.q_proj. */
  readonly name: string;
  /** linear: a layer with weights. residual: x, which a branch is added to. shortcut: nothing, between two hidden states. */
  readonly kind: "linear" | "residual" | "shortcut";
  readonly layer: number;
  readonly in: number;
  readonly out: number;
}

export interface ParamSpec {
  readonly shape: Shape;
  /** kaiming: uniform in ±1/√fanIn (PEFT's initial A), seeded by name. Rows past `used` are padding and stay zero. */
  readonly init: { readonly kind: "kaiming"; readonly fanIn: number; readonly usedRows: number } | { readonly kind: "zero" };
}

export interface SiteContext {
  readonly site: Site;
  readonly r: number;
  /** All sites' scales (α/r), one element per site, and this site's place among them. A scale of 0 switches the site off. */
  readonly scales: Tensor;
  readonly index: number;
  /** x with elements dropped at random while training; x itself otherwise. */
  dropout(x: Tensor): Tensor;
}

export interface Adapter {
  readonly name: string;
  readonly paper: string;
  scaling(alpha: number, r: number): number;
  params(site: Site, r: number): Readonly<Record<string, ParamSpec>>;
  /** base(x, low): the frozen layer, with a low-rank branch fused into it. */
  forward(x: Tensor, base: (x: Tensor, low?: LowRank) => Tensor, p: Readonly<Record<string, Tensor>>, ctx: SiteContext): Tensor;
}
