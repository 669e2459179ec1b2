// dead.ts — drops nodes whose results nobody reads. Roots: captures, and updates of leaves.

import type { Graph, Node } from "../graph.ts";

/** Tensors that hold a leaf's memory: the leaf, views of it, and what was written over it. */
export function leafBacked(graph: Graph): Set<number> {
  const backed = new Set(graph.leaves.keys());
  for (const node of graph.nodes) {
    if (node.op.view && backed.has(node.inputs[0].id)) backed.add(node.outputs[0].id);
    for (const [out, input] of inPlaceOf(node)) if (backed.has(node.inputs[input].id)) backed.add(node.outputs[out].id);
  }
  return backed;
}

export const inPlaceOf = (node: Node): readonly (readonly [output: number, input: number])[] => node.op.inPlace?.(node.attrs, node.inputs.length) ?? [];

export function dropDead(graph: Graph): void {
  const backed = leafBacked(graph);
  const wanted = new Set([...graph.captures.values()].map((t) => t.id));
  const live: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    const updates = inPlaceOf(node).some(([, input]) => backed.has(node.inputs[input].id));
    if (!updates && !node.outputs.some((t) => wanted.has(t.id))) continue;
    for (const t of node.inputs) wanted.add(t.id);
    live.push(node);
  }
  graph.nodes = live.reverse();
}
