// onnx-builder.ts — what an op's `onnx` lowering writes to: nodes, constants, and the value that stands for each tensor. Nodes whose results nobody
// reads are dropped at the end, so a lowering may make everything it knows of and leave the choice to its readers.

import { type DType, type Shape, type Tensor, last, size } from "../tensor.ts";
import { type Attribute, type Initializer, type OnnxGraph, type OnnxNode, type OnnxType, type Value, type ValueInfo, typeCode } from "./onnx-model.ts";

type Numbers = number | readonly number[] | Float32Array | Int32Array | Uint32Array;

const arrayOf = {
  f32: (n: readonly number[] | ArrayLike<number>) => Float32Array.from(n),
  i32: (n: readonly number[] | ArrayLike<number>) => Int32Array.from(n),
  u32: (n: readonly number[] | ArrayLike<number>) => Uint32Array.from(n),
  i64: (n: readonly number[] | ArrayLike<number>) => BigInt64Array.from(Array.from(n, BigInt)),
} as const;

/** An input of the graph: elements of a leaf from `offset` on. */
export interface LeafInput extends ValueInfo {
  readonly leaf: Tensor;
  readonly offset: number;
}

export class OnnxBuilder {
  private nodes: OnnxNode[] = [];
  private readonly inputs: LeafInput[] = [];
  private readonly initializers = new Map<string, Initializer>();
  private readonly values = new Map<number, Value>();
  private readonly memo = new Map<string, Value>();
  private count = 0;
  /** Call site of the nodes made from now on. */
  site = "";

  private name = (): Value => `v${this.count++}`;

  /** The tensor is a leaf: an input of the graph, as are parts of it. */
  input(t: Tensor): void {
    this.values.set(t.id, this.inputAt(t, 0, t.shape));
  }

  private inputAt(leaf: Tensor, offset: number, shape: Shape): Value {
    const name = this.name();
    this.inputs.push({ name, type: leaf.dtype, shape, leaf, offset });
    return name;
  }

  /** Elements of a tensor from `offset` on, in another shape; of a leaf without a copy. */
  part(t: Tensor, offset: number, shape: Shape): Value {
    if (`${shape}` === `${t.shape}`) return this.of(t);
    return this.once(`part ${t.id} ${offset} ${shape}`, () => {
      if (this.inputs.some((v) => v.leaf === t)) return this.inputAt(t, offset, shape);
      const known = size(shape) === size(t.shape) && shape.length === 2 && shape[1] === last(t.shape);
      if (known) return this.matrix(t);
      const all = size(shape) === size(t.shape) ? this.of(t) : this.slice(this.reshape(this.of(t), [-1]), 0, offset, offset + size(shape));
      return this.reshape(all, shape);
    });
  }

  /** The tensor's value, given as a matrix (rows, its last dimension). */
  setMatrix(t: Tensor, value: Value): void {
    this.once(`matrix ${t.id}`, () => value);
    this.set(t, t.shape.length === 2 ? value : this.reshape(value, t.shape));
  }

  /** The value of a tensor. */
  of(t: Tensor): Value {
    const value = this.values.get(t.id);
    if (value === undefined) throw new Error(`${this.site}: ${t.site} has no value in the ONNX graph`);
    return value;
  }

  set(t: Tensor, value: Value): void {
    this.values.set(t.id, value);
  }

  /** One node with one output. `op` may carry a domain: "com.microsoft:FusedMatMul". */
  add(op: string, inputs: readonly Value[], attributes: Record<string, Attribute> = {}): Value {
    return this.addAll(op, inputs, 1, attributes)[0];
  }

  addAll(op: string, inputs: readonly Value[], outputs: number, attributes: Record<string, Attribute> = {}): Value[] {
    const cut = op.indexOf(":");
    const made = Array.from({ length: outputs }, this.name);
    this.nodes.push({ op: op.slice(cut + 1), domain: op.slice(0, Math.max(0, cut)), inputs, outputs: made, attributes, site: this.site });
    return made;
  }

  /** A value that several lowerings need: made by the first. The key must name the tensors it is made of by id. */
  once(key: string, make: () => Value): Value {
    let value = this.memo.get(key);
    if (value === undefined) this.memo.set(key, (value = make()));
    return value;
  }

  /** A constant; a single number has no dimensions unless a shape is given. */
  constant(type: keyof typeof arrayOf, data: Numbers, shape: Shape = typeof data === "number" ? [] : [data.length]): Value {
    const array = arrayOf[type](typeof data === "number" ? [data] : data);
    const bytes = new Uint8Array(array.buffer);
    const key = `${type} ${shape} ${array.length <= 64 ? bytes.toString() : `large ${this.count}`}`;
    let known = this.initializers.get(key);
    if (!known) this.initializers.set(key, (known = { name: this.name(), type, shape, data: bytes }));
    return known.name;
  }

  f32 = (data: Numbers, shape?: Shape): Value => this.constant("f32", data, shape);
  i32 = (data: Numbers, shape?: Shape): Value => this.constant("i32", data, shape);
  u32 = (data: Numbers, shape?: Shape): Value => this.constant("u32", data, shape);
  i64 = (data: Numbers, shape?: Shape): Value => this.constant("i64", data, shape);

  /** 0, 1, …, n − 1. */
  range = (n: number): Value => this.once(`range ${n}`, () => this.add("Range", [this.i32(0), this.i32(n), this.i32(1)]));
  zeros = (shape: Shape): Value => this.once(`zeros ${shape}`, () => this.add("Expand", [this.f32(0), this.i64(shape)]));

  reshape = (v: Value, shape: Shape): Value => this.add("Reshape", [v, this.i64(shape)]);
  transpose = (v: Value, perm: readonly number[]): Value => this.add("Transpose", [v], { perm });
  cast = (v: Value, to: OnnxType): Value => this.add("Cast", [v], { to: typeCode[to] });
  concat = (vs: readonly Value[], axis: number): Value => (vs.length === 1 ? vs[0] : this.add("Concat", vs, { axis }));
  /** Elements [from, to) along one axis. */
  slice = (v: Value, axis: number, from: number, to: number): Value => this.add("Slice", [v, this.i64([from]), this.i64([to]), this.i64([axis])]);
  reduce = (op: "ReduceSum" | "ReduceMean" | "ReduceMax" | "ReduceSumSquare", v: Value, axis: number): Value => this.add(op, [v, this.i64([axis])]);
  /** The tensor as (rows, its last dimension). */
  matrix = (t: Tensor): Value =>
    t.shape.length === 2 ? this.of(t) : this.once(`matrix ${t.id}`, () => this.reshape(this.of(t), [size(t.shape) / last(t.shape), last(t.shape)]));

  /** a [+ addend]. */
  plus = (a: Value, addend: Tensor | undefined): Value => (addend ? this.add("Add", [a, this.of(addend)]) : a);

  /** Columns [from, from + width) of a tensor's last dimension, without a copy where the tensor was made of such pieces. */
  columns(t: Tensor, from: number, width: number): Value {
    if (from === 0 && width === last(t.shape)) return this.of(t);
    return this.once(`columns ${t.id} ${from} ${width}`, () => this.slice(this.of(t), t.shape.length - 1, from, from + width));
  }

  /** The tensor is these pieces side by side in its last dimension. */
  setColumns(t: Tensor, pieces: readonly { readonly value: Value; readonly width: number }[]): void {
    let from = 0;
    for (const { value, width } of pieces) {
      this.once(`columns ${t.id} ${from} ${width}`, () => value);
      from += width;
    }
    const values = pieces.map((p) => p.value);
    this.set(t, this.concat(values, t.shape.length - 1));
  }

  /** The graph that makes `wanted`: dead nodes and unread inputs are left out. */
  finish(wanted: readonly { readonly value: Value; readonly type: DType }[]): OnnxGraph<LeafInput> {
    const made = new Set(this.nodes.flatMap((n) => n.outputs));
    const outputs: { name: Value; type: OnnxType }[] = [];
    for (const { value, type } of wanted)
      outputs.push({ name: made.has(value) && !outputs.some((o) => o.name === value) ? value : this.add("Identity", [value]), type });
    const needed = new Set(outputs.map((o) => o.name));
    const nodes: OnnxNode[] = [];
    for (const n of this.nodes.toReversed()) {
      if (!n.outputs.some((v) => needed.has(v))) continue;
      for (const v of n.inputs) needed.add(v);
      nodes.push(n);
    }
    nodes.reverse();
    return {
      nodes: lastFirst(nodes),
      inputs: this.inputs.filter((v) => needed.has(v.name)),
      outputs,
      initializers: [...this.initializers.values()].filter((v) => needed.has(v.name)),
    };
  }
}

/**
 * The nodes in an order in which ONNX Runtime keeps little alive. It walks back from the nodes that nobody reads, the last one in the list first, and
 * runs what each needs. With those nodes at the end, the first of them last, it goes through the graph as it was traced: a gradient is finished as soon
 * as it can be, and a layer that is computed again is not before its turn.
 */
function lastFirst(nodes: readonly OnnxNode[]): OnnxNode[] {
  const read = new Set(nodes.flatMap((n) => n.inputs));
  const isEnd = (n: OnnxNode): boolean => !n.outputs.some((v) => read.has(v));
  return [...nodes.filter((n) => !isEnd(n)), ...nodes.filter(isEnd).reverse()];
}
