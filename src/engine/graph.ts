// graph.ts — the trace: a list of nodes in order of execution, and the leaves that come from outside.
// Calling an op appends a node to the current trace; nothing is computed here.

import type { Io, OpRule } from "./op.ts";
import { type DType, type Shape, type Spec, type Tensor, show, size } from "./tensor.ts";

/** weight: frozen. param: trainable, lies in the flat buffers. constant: computed once by us. input: written by the host before a replay. state: kept and updated on the device. */
export type LeafKind = "weight" | "param" | "constant" | "input" | "state";

/** A named piece of a leaf along its rows, in elements: several Hugging Face tensors may lie behind one another in one leaf (q, k, v). */
export interface Part {
  readonly name: string;
  readonly offset: number;
  readonly shape: Shape;
}

export interface Leaf {
  readonly tensor: Tensor;
  readonly kind: LeafKind;
  readonly name: string;
  readonly parts: readonly Part[];
  /** Constants: the host's way to make the value. */
  readonly make?: () => Float32Array;
}

export interface Node extends Io<unknown> {
  readonly op: OpRule<unknown>;
  /** Call site: the scope's path when the node was made. */
  readonly site: string;
  /** Stretch of the forward pass (a layer) that may be computed again in backward instead of kept. */
  readonly region: string;
}

export interface Graph {
  nodes: Node[];
  readonly leaves: Map<number, Leaf>;
  /** Values the host may read after a replay; they get memory of their own. */
  readonly captures: Map<string, Tensor>;
}

let current: Graph | null = null;
let site = "";
let stretch = "";
let ids = 0;

export const emptyGraph = (): Graph => ({ nodes: [], leaves: new Map(), captures: new Map() });

/** Runs fn and returns what it traced. Traces do not nest. */
export function trace<T>(fn: () => T): { graph: Graph; result: T } {
  const graph = emptyGraph();
  return { graph, result: traceInto(graph, fn) };
}

/** Appends to a graph that was traced before. */
export function traceInto<T>(graph: Graph, fn: () => T): T {
  if (current) throw new Error("trace inside a trace");
  current = graph;
  try {
    return fn();
  } finally {
    current = null;
    site = stretch = "";
  }
}

export function graphNow(): Graph {
  if (!current) throw new Error("ops are called inside trace(): there is no eager mode");
  return current;
}

/** Names the call sites of everything traced in fn. */
export function at<T>(name: string, fn: () => T): T {
  const outer = site;
  site = name;
  try {
    return fn();
  } finally {
    site = outer;
  }
}

const makeTensor = (s: Spec, where: string): Tensor => ({ shape: [...s.shape], dtype: s.dtype, id: ++ids, site: where });

/** Marks everything traced in fn as one stretch that `grad` may compute again instead of keeping its values. Stretches do not nest. */
export function region<T>(name: string, fn: () => T): T {
  stretch = name;
  try {
    return fn();
  } finally {
    stretch = "";
  }
}

/** A value from outside. Asking again for a name in one trace gives the same tensor. */
export function leaf(
  kind: LeafKind,
  name: string,
  shape: Shape,
  dtype: DType = "f32",
  parts: readonly Part[] = [{ name, offset: 0, shape }],
  make?: () => Float32Array,
): Tensor {
  const graph = graphNow();
  for (const known of graph.leaves.values()) {
    if (known.name !== name) continue;
    if (show(known.tensor) !== show({ shape, dtype }))
      throw new Error(`leaf "${name}" asked for as ${show({ shape, dtype })} and before as ${show(known.tensor)}`);
    return known.tensor;
  }
  const tensor = makeTensor({ shape, dtype }, name);
  graph.leaves.set(tensor.id, { tensor, kind, name, parts, make });
  return tensor;
}

/** Leaves that lie behind one another: one leaf of that shape, whose parts are theirs. Only for leaves of one kind. A single leaf stays as it is. */
export function packLeaves(tensors: readonly Tensor[], shape: Shape): Tensor {
  if (tensors.length === 1 && size(tensors[0].shape) === size(shape)) return tensors[0];
  const leaves = tensors.map((t) => graphNow().leaves.get(t.id)!);
  const parts: Part[] = [];
  let offset = 0;
  for (const l of leaves) {
    for (const p of l.parts) parts.push({ ...p, offset: offset + p.offset });
    offset += size(l.tensor.shape);
  }
  if (offset !== size(shape)) throw new Error(`packed leaves hold ${offset} elements, (${shape.join(", ")}) needs ${size(shape)}`);
  return leaf(leaves[0].kind, leaves.map((l) => l.name).join(" + "), shape, tensors[0].dtype, parts);
}

export const leafOf = (t: Tensor): Leaf | undefined => graphNow().leaves.get(t.id);

/** The node that made t in the current trace. */
export const producer = (t: Tensor): Node | undefined => graphNow().nodes.findLast((n) => n.outputs.includes(t));

/** Appends a node; returns its outputs. */
export function apply<A>(op: OpRule<A>, inputs: readonly Tensor[], attrs: A): readonly Tensor[] {
  const where = site ? `${site}: ${op.name}` : op.name;
  let specs: readonly Spec[];
  try {
    specs = op.infer(inputs, attrs);
  } catch (e) {
    if (e instanceof Error && !e.message.includes(where)) e.message = `${where}: ${e.message}`;
    throw e;
  }
  const outputs = specs.map((s) => makeTensor(s, where));
  graphNow().nodes.push({ op: op as OpRule<unknown>, inputs, outputs, attrs, site, region: stretch });
  return outputs;
}

/** Types an op's rule and adds the function that traces it. */
export function defineOp<A>(rule: OpRule<A>): OpRule<A> & { apply(inputs: readonly Tensor[], attrs: A): readonly Tensor[] } {
  return { ...rule, apply: (inputs, attrs) => apply(rule, inputs, attrs) };
}

/** Marks a value for reading back after a replay; its name is what the host asks for. */
export function capture(name: string, tensor: Tensor): Tensor {
  graphNow().captures.set(name, tensor);
  return tensor;
}
