// fold-add.ts — a sum folded into the op that makes one of its terms: residual additions, sums of cotangents, and gradients accumulated into
// their leaf. Saves a launch and a round trip through memory each.

import type { Graph, Node } from "../graph.ts";
import type { Tensor } from "../tensor.ts";

export function foldAdd(graph: Graph): void {
  const uses = new Map<number, number>();
  for (const node of graph.nodes) for (const t of node.inputs) uses.set(t.id, (uses.get(t.id) ?? 0) + 1);
  for (const t of graph.captures.values()) uses.set(t.id, (uses.get(t.id) ?? 0) + 1);

  const made = new Map<number, Node>();
  const out: Node[] = [];
  for (const node of graph.nodes) {
    const folded = node.op.name === "add" ? fold(node, made, uses, out) : null;
    if (folded?.early) out[out.indexOf(folded.old)] = folded.now;
    else if (folded) out.splice(out.indexOf(folded.old), 1);
    const next = folded?.now ?? node;
    if (!folded?.early) out.push(next);
    for (const t of next.outputs) made.set(t.id, next);
  }
  graph.nodes = out;
}

/**
 * The term whose producer can take an addend. Where the other term is there before it, the producer stays in its place: a gradient is accumulated as
 * soon as it is known, and what it was made from is free. Otherwise it moves to the add's place, and nothing in between may read what else it makes.
 */
function fold(add: Node, made: Map<number, Node>, uses: Map<number, number>, before: readonly Node[]): { old: Node; now: Node; early: boolean } | null {
  const how = (add.attrs as { inPlace?: boolean }).inPlace ? "inPlace" : "read";
  const [a, b] = add.inputs;
  const terms: [Tensor, Tensor][] = how === "inPlace" ? [[b, a]] : [[b, a], [a, b]]; // prettier-ignore
  for (const [term, other] of terms) {
    const old = made.get(term.id);
    if (!old || old.outputs[0] !== term || uses.get(term.id) !== 1) continue;
    const at = before.indexOf(old);
    const source = made.get(other.id);
    const early = !source || before.indexOf(source) < at;
    if (!early && before.slice(at + 1).some((n) => n.inputs.some((t) => old.outputs.includes(t)))) continue;
    const attrs = old.op.withAddend?.(old.attrs, how);
    if (attrs == null) continue;
    return { old, early, now: { ...old, attrs, inputs: [...old.inputs, other], outputs: [add.outputs[0], ...old.outputs.slice(1)] } };
  }
  return null;
}
