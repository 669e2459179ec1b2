// traced-scope.ts — introduces a model to its adapters: the Scope a model sees while it is traced. It names the leaves, puts an adapter around each
// linear layer that is a target, notes every site it meets, and decides what is trainable.

import type { Adapter, Site } from "../adapters/adapter.ts";
import { type ShortcutForm, shortcut } from "../adapters/shortcut.ts";
import { at, leaf, region } from "../engine/graph.ts";
import { type Shape, type Tensor, last, pad4 } from "../engine/tensor.ts";
import type { AttentionShape, LinearShape, Scope } from "../models/model.ts";
import { add } from "../ops/add.ts";
import { concat } from "../ops/concat.ts";
import { dropout } from "../ops/dropout.ts";
import { type LowRank, linear } from "../ops/linear.ts";
import { lowRank } from "../ops/low-rank.ts";
import { packLinears } from "../ops/pack-linears.ts";

/** What the run wants of the model: fixed for all graphs of the run, so that their leaves agree. */
export interface Adaptation {
  adapter: Adapter | null;
  /** r of a site; 0: not adapted. */
  rank(site: string): number;
  /** Place of a site in the scales leaf. */
  index(site: string): number;
  /** Elements of the scales leaf. */
  scales: number;
  /** Whether a weight of the base is trained. */
  trains(weight: string): boolean;
  /** Residuals and shortcuts are sites too, in this form; null: they are not. */
  shortcuts: ShortcutForm | null;
  dropout: number;
}

/** What differs between the graphs of a run. */
export interface Pass {
  /** Packed q, k, v → mixed values: the causal op when training, the cached one when generating. */
  attention(path: string, qkv: Tensor, o: AttentionShape): Tensor;
  /** Position of each token plus `offset`: i32 (B, T). */
  positions(offset: number): Tensor;
  tokenTypes(): Tensor;
  pick(which: "first" | "last", h: Tensor): Tensor;
  /** [seed, step, micro-step, 0] for dropout; null: this graph drops nothing. */
  counter: Tensor | null;
}

/** Where a shortcut comes in: its name, and the place it comes from. */
const comesIn = { ffn_in: { name: "shortcut_ffn", from: "ffn_in" }, out: { name: "shortcut_sa", from: "in" } } as const;

export function tracedScope(adaptation: Adaptation, pass: Pass, met: (site: Site) => void = () => {}): Scope {
  /** The hidden states last met at their places: of this block, or of the one before. */
  const tapped = new Map<string, Tensor>();

  /** A site's own function with the adapter around it; alone where the site is not adapted. */
  const adapted = (site: Site, adapter: Adapter | null, x: Tensor, own: (x: Tensor, low?: LowRank) => Tensor): Tensor => {
    const r = adaptation.rank(site.name);
    if (!adapter || r === 0) return own(x);
    const params = Object.fromEntries(
      Object.entries(adapter.params(site, r)).map(([key, p]) => [key, leaf("param", `${site.name}.${adapter.name}_${key}`, p.shape)]),
    );
    const index = adaptation.index(site.name);
    const drops = pass.counter && adaptation.dropout > 0 && site.kind === "linear";
    return adapter.forward(x, own, params, {
      site,
      r,
      scales: leaf("input", "scales", [adaptation.scales]),
      index,
      dropout: (t) => (drops ? dropout(t, pass.counter!, adaptation.dropout, index) : t),
    });
  };

  const within = (path: string): Scope => {
    const full = (name: string): string => (path ? `${path}.${name}` : name);
    const layer = Number(/\.(\d+)(?:\.|$)/.exec(path)?.[1] ?? -1);

    const weight = (name: string, shape: Shape): Tensor => leaf(adaptation.trains(full(name)) ? "param" : "weight", full(name), shape);

    const one = (name: string, x: Tensor, out: number, { bias = false, layout = "out-in" }: LinearShape): Tensor => {
      const site: Site = { name: full(name), kind: "linear", layer, in: last(x.shape), out };
      met(site);
      return at(site.name, () => {
        const W = weight(`${name}.weight`, layout === "out-in" ? [out, site.in] : [site.in, out]);
        const b = bias ? weight(`${name}.bias`, [out]) : null;
        return adapted(site, adaptation.adapter, x, (input, low) => linear(input, W, { bias: b, layout, low }));
      });
    };

    /** h + (α/r) B A x; h where that is not adapted. */
    const plus = (name: string, kind: "residual" | "shortcut", h: Tensor, x: Tensor): Tensor => {
      const site: Site = { name: full(name), kind, layer, in: last(x.shape), out: last(h.shape) };
      met(site);
      return at(site.name, () => adapted(site, shortcut, x, (input, low) => (low ? add(h, lowRank(input, low.A, low.B, low.scales, low.index[0])) : h)));
    };

    /** A tensor of the head, which lies at the start of a leaf of padded shape: the rest stays zero. */
    const headPart = (name: string, shape: Shape): Tensor =>
      leaf(adaptation.trains(full(name)) ? "param" : "weight", full(name), [pad4(shape[0]), ...shape.slice(1)], "f32", [
        { name: full(name), offset: 0, shape },
      ]);

    return {
      at: (name) => within(full(String(name))),
      layer: (fn) => region(path, () => at(path, fn)),
      weight,
      constant: (name, shape, make) => leaf("constant", full(name), shape, "f32", undefined, make),
      linear: (name, x, out, o = {}) => one(name, x, out, o),
      linears: (names, x, outs, o = {}) =>
        at(full(names.join("+")), () => {
          const ys = names.map((name, i) => one(name, x, outs[i], o));
          // With dropout every adapted site has an input of its own while training; all graphs of a run must name their leaves alike.
          const apart = adaptation.dropout > 0 && names.some((name) => adaptation.rank(full(name)) > 0);
          return apart ? concat(ys) : packLinears(ys);
        }),
      attention: (qkv, o) => at(path, () => pass.attention(path, qkv, o)),
      positions: (offset) => at(full("positions"), () => pass.positions(offset)),
      tokenTypes: () => at(full("token_types"), () => pass.tokenTypes()),
      pick: (which, h) => at(full(`${which} token`), () => pass.pick(which, h)),
      head: (name, x, out, { bias = false } = {}) =>
        at(full(name), () => linear(x, headPart(`${name}.weight`, [out, last(x.shape)]), { bias: bias ? headPart(`${name}.bias`, [out]) : null })),
      residual: (name, x, branch) => {
        const sum = at(full(name), () => add(x, branch));
        return adaptation.shortcuts ? plus(name, "residual", sum, x) : sum;
      },
      tap: (place, h, norm) => {
        const way = place === "in" ? null : comesIn[place];
        const x = way && adaptation.shortcuts && tapped.get(way.from);
        if (x) {
          h = plus(way.name, "shortcut", h, x);
          if (norm && adaptation.shortcuts === "norm") h = norm(h);
        }
        tapped.set(place, h);
        return h;
      },
    };
  };
  return within("");
}
