// onnx-model.ts — an ONNX graph as data, and as the bytes of a ModelProto. Field numbers: onnx/onnx.proto of https://github.com/onnx/onnx

import type { Shape } from "../tensor.ts";
import { Message } from "./protobuf.ts";

/** Name of a value in the graph; "" where an optional input is left out. */
export type Value = string;

export type OnnxType = "f32" | "f64" | "i32" | "u32" | "i64" | "bool";
/** TensorProto.DataType. */
export const typeCode: Readonly<Record<OnnxType, number>> = { f32: 1, f64: 11, i32: 6, i64: 7, bool: 9, u32: 12 };

/** Whole numbers, texts, or { float }. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  /** "": ONNX's own operators; "com.microsoft": ONNX Runtime's. */
  readonly domain: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Call site of the op it belongs to. */
  readonly site: string;
}

export interface ValueInfo {
  readonly name: Value;
  readonly type: OnnxType;
  readonly shape: Shape;
}

export interface Initializer extends ValueInfo {
  readonly data: Uint8Array;
}

export interface OnnxGraph<Input extends ValueInfo = ValueInfo> {
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly Input[];
  /** Shapes of outputs are left to the reader's own inference. */
  readonly outputs: readonly { readonly name: Value; readonly type: OnnxType }[];
  readonly initializers: readonly Initializer[];
}

export const OPSET = 18;

/** Bytes of the model. IR version 8, opset 18, com.microsoft 1. */
export function encodeModel(graph: OnnxGraph, name: string): Uint8Array {
  const g = new Message();
  graph.nodes.forEach((n, i) => g.message(1, encodeNode(n, i)));
  g.text(2, name);
  for (const t of graph.initializers) g.message(5, new Message().ints(1, t.shape).int(2, typeCode[t.type]).text(8, t.name).bytes(9, t.data));
  for (const v of graph.inputs) g.message(11, encodeValue(v.name, v.type, v.shape));
  for (const v of graph.outputs) g.message(12, encodeValue(v.name, v.type));
  const opset = (domain: string, version: number): Message => new Message().text(1, domain).int(2, version);
  return new Message().int(1, 8).text(2, "rankscope").message(7, g).message(8, opset("", OPSET)).message(8, opset("com.microsoft", 1)).finish();
}

function encodeValue(name: Value, type: OnnxType, shape?: Shape): Message {
  const tensor = new Message().int(1, typeCode[type]);
  if (shape) {
    const dims = new Message();
    for (const d of shape) dims.message(1, new Message().int(1, d));
    tensor.message(2, dims);
  }
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

function encodeNode(n: OnnxNode, index: number): Message {
  const m = new Message();
  for (const v of n.inputs) m.text(1, v);
  for (const v of n.outputs) m.text(2, v);
  m.text(3, `${index} ${n.site}`).text(4, n.op);
  for (const [name, a] of Object.entries(n.attributes)) {
    const attribute = new Message().text(1, name);
    if (typeof a === "number") attribute.int(3, a).int(20, 2);
    else if (typeof a === "string") attribute.text(4, a).int(20, 3);
    else if ("float" in a) attribute.float(2, a.float).int(20, 1);
    else attribute.ints(8, a).int(20, 7);
    m.message(5, attribute);
  }
  return n.domain ? m.text(7, n.domain) : m;
}
