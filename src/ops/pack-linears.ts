// pack-linears.ts — several linear layers of one input as one node: [x W₀ᵀ, x W₁ᵀ, …] side by side, from weights that lie behind one another.
// Works on the nodes just traced, so adapters are written per site and still cost one launch per group.

import { graphNow, leafOf, packLeaves, producer } from "../engine/graph.ts";
import { type Tensor, last } from "../engine/tensor.ts";
import { concat } from "./concat.ts";
import { type LinearAttrs, linear, linearOp } from "./linear.ts";

/** ys: outputs of the sites, just traced. Returns them side by side in the last dimension: packed where every one is a plain linear of the same x. */
export function packLinears(ys: readonly Tensor[]): Tensor {
  if (ys.length === 1) return ys[0];
  const nodes = ys.map(producer);
  const fits = nodes.every((n, i) => {
    if (n?.op.name !== linearOp.name || n.outputs[0] !== ys[i]) return false;
    const t = n.attrs as LinearAttrs;
    const leaves = n.inputs.slice(1).map(leafOf);
    return (
      n.inputs[0] === nodes[0]!.inputs[0] &&
      t.outs.length === 1 &&
      !t.ownInput &&
      t.layout === "out-in" &&
      leaves.every(Boolean) &&
      leaves[0]!.kind === leafOf(nodes[0]!.inputs[1])!.kind
    );
  });
  const attrs = nodes.map((n) => n?.attrs as LinearAttrs);
  if (!fits || attrs.some((t) => t.bias !== attrs[0].bias)) return concat(ys);

  const x = nodes[0]!.inputs[0];
  const K = last(x.shape);
  const sites = nodes.map((n, i) => {
    const [, W, ...rest] = n!.inputs;
    const bias = attrs[i].bias ? rest.shift()! : null;
    return { W, bias, A: rest[0] as Tensor | undefined, B: rest[1] as Tensor | undefined, scales: rest[2] as Tensor | undefined };
  });
  const graph = graphNow();
  const packed = new Set(nodes);
  graph.nodes = graph.nodes.filter((n) => !packed.has(n));

  const outs = attrs.map((t) => t.outs[0]);
  const ranks = attrs.map((t) => t.ranks?.[0] ?? 0);
  const R = ranks.reduce((a, b) => a + b, 0);
  const low = sites.filter((s) => s.A);
  const y = linear(x, packLeaves(sites.map((s) => s.W), [outs.reduce((a, b) => a + b, 0), K]), {
    outs,
    bias: attrs[0].bias ? packLeaves(sites.map((s) => s.bias!), [outs.reduce((a, b) => a + b, 0)]) : null,
    low: R
      ? {
          A: packLeaves(low.map((s) => s.A!), [R, K]),
          B: packLeaves(low.map((s) => s.B!), [ranks.reduce((sum, r, i) => sum + r * outs[i], 0)]),
          scales: low[0].scales!,
          index: attrs.map((t) => t.scales[0]),
          ranks,
        }
      : null,
  }); // prettier-ignore
  // The separate leaves have no reader left.
  const read = new Set(graph.nodes.flatMap((n) => n.inputs.map((t) => t.id)));
  for (const s of sites) for (const t of [s.W, s.bias, s.A, s.B]) if (t && !read.has(t.id)) graph.leaves.delete(t.id);
  return y;
}
