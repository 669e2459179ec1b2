// interpret.ts — a graph's values in float64, by the ops' references alone: no backend, no rewriting, no rounding of inputs.

import type { Graph } from "../../src/engine/graph.ts";
import type { NdArray } from "../../src/engine/reference/nd-array.ts";
import type { Tensor } from "../../src/engine/tensor.ts";

/** `inputs` by leaf name. Returns the value of any tensor of the graph. */
export function interpret(graph: Graph, inputs: Record<string, NdArray>): (t: Tensor) => NdArray {
  const values = new Map<number, NdArray>();
  for (const l of graph.leaves.values()) values.set(l.tensor.id, inputs[l.name]);
  for (const node of graph.nodes) {
    const outputs = node.op.ref(
      node.inputs.map((t) => values.get(t.id)!),
      node.attrs,
    );
    node.outputs.forEach((t, i) => values.set(t.id, outputs[i]));
  }
  return (t) => values.get(t.id)!;
}
