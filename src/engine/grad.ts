// grad.ts — reverse mode on the graph: walks the trace backwards and appends each op's vjp to the same trace.

import { type Node, apply, at, graphNow } from "./graph.ts";
import { type Tensor, show } from "./tensor.ts";

/** Cotangent of a loss with respect to itself: the constant 1, never stored. Ops that end in a scalar may test for it. */
export const ONE: Tensor = { shape: [1], dtype: "f32", id: 0, site: "d loss / d loss" };

/**
 * Cotangents of `wrt` for a scalar loss. Only paths from `wrt` to the loss are walked. A tensor the loss does not depend on has none (null).
 * `add` is the sum op, passed in because the engine knows no ops. `recompute`: values inside a region are not kept for backward but computed
 * again just before it (gradient checkpointing, Chen et al. 2016, https://arxiv.org/abs/1604.06174); what other regions read is kept.
 */
export function grad(loss: Tensor, wrt: readonly Tensor[], add: (a: Tensor, b: Tensor) => Tensor, { recompute = false } = {}): (Tensor | null)[] {
  const nodes = [...graphNow().nodes];
  const wanted = new Set(wrt.map((t) => t.id));
  for (const node of nodes) if (node.inputs.some((t) => wanted.has(t.id))) for (const t of node.outputs) wanted.add(t.id);

  const again = recompute ? recomputer(nodes) : (node: Node): Node => node;
  const cotangent = new Map<number, Tensor>([[loss.id, ONE]]);
  for (const node of [...nodes].reverse()) {
    const dy = node.outputs.map((t) => cotangent.get(t.id) ?? null);
    const needs = node.inputs.map((t) => wanted.has(t.id));
    if (dy.every((d) => d === null) || !needs.includes(true)) continue;
    if (!node.op.vjp) throw new Error(`${node.outputs[0].site} has no gradient rule, but the loss depends on a trained value through it`);
    const vjp = node.op.vjp;
    at(node.site, () => {
      const dx = vjp(dy, again(node), needs);
      node.inputs.forEach((x, i) => {
        const d = dx[i];
        if (!d || !needs[i]) return;
        if (d !== ONE && show(d) !== show(x)) throw new Error(`${node.outputs[0].site}: cotangent of input ${i} is ${show(d)}, the input is ${show(x)}`);
        const before = cotangent.get(x.id);
        if (before === ONE) throw new Error(`${node.outputs[0].site}: the loss itself is read by another op. Take the gradient of the last value instead.`);
        cotangent.set(x.id, before ? add(before, d) : d);
      });
    });
  }
  return wrt.map((t) => cotangent.get(t.id) ?? null);
}

/** A node of a region as computed a second time, the whole region at the first call for one of its nodes. Nodes without a region stay as they are. */
function recomputer(nodes: readonly Node[]): (node: Node) => Node {
  const copies = new Map<Node, Node>();
  return (node) => {
    if (!node.region) return node;
    if (!copies.has(node)) {
      const value = new Map<number, Tensor>();
      for (const n of nodes.filter((n) => n.region === node.region)) {
        const inputs = n.inputs.map((t) => value.get(t.id) ?? t);
        const outputs = at(n.site, () => apply(n.op, inputs, n.attrs));
        n.outputs.forEach((t, i) => value.set(t.id, outputs[i]));
        copies.set(n, { ...n, inputs, outputs });
      }
    }
    return copies.get(node)!;
  };
}
