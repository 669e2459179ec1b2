// onnx-graph.ts — a traced graph as an ONNX graph: leaves become inputs; captures and the new values of updated leaves become outputs.

import type { Graph, Node } from "../graph.ts";
import { inPlaceOf } from "../passes/dead.ts";
import type { Tensor } from "../tensor.ts";
import { type LeafInput, OnnxBuilder } from "./onnx-builder.ts";
import type { OnnxGraph } from "./onnx-model.ts";

/** What an output of the ONNX graph is: a leaf's value from then on, or a capture. */
export type Result = { readonly tensor: Tensor } & ({ readonly leaf: Tensor } | { readonly capture: string });

/** `results` are in the order of the outputs. The graph has been optimised before. Throws where an op has no ONNX lowering. */
export function toOnnx(graph: Graph): { onnx: OnnxGraph<LeafInput>; results: readonly Result[] } {
  const to = new OnnxBuilder();
  // Tensors that lie in a leaf's memory, by the leaf; and each leaf's newest value.
  const held = new Map<number, Tensor>();
  const updated = new Map<Tensor, Tensor>();
  for (const { tensor } of graph.leaves.values()) {
    to.input(tensor);
    held.set(tensor.id, tensor);
  }
  for (const node of graph.nodes) {
    lower(node, to);
    if (node.op.view && held.has(node.inputs[0].id)) held.set(node.outputs[0].id, held.get(node.inputs[0].id)!);
    for (const [out, input] of inPlaceOf(node)) {
      const leaf = held.get(node.inputs[input].id);
      if (!leaf) continue;
      held.set(node.outputs[out].id, leaf);
      updated.set(leaf, node.outputs[out]);
    }
  }
  const results: Result[] = [
    ...[...updated].map(([leaf, tensor]) => ({ leaf, tensor })),
    ...[...graph.captures].map(([capture, tensor]) => ({ capture, tensor })),
  ];
  return { onnx: to.finish(results.map(({ tensor }) => ({ value: to.of(tensor), type: tensor.dtype }))), results };
}

function lower(node: Node, to: OnnxBuilder): void {
  to.site = node.outputs[0].site;
  const [x] = node.inputs;
  const [y] = node.outputs;
  if (node.op.view) return to.set(y, to.reshape(to.of(x), y.shape));
  if (!node.op.onnx) throw new Error(`${to.site}: op "${node.op.name}" has no ONNX lowering`);
  node.op.onnx(node, to);
}
