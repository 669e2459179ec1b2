// protobuf.ts — the few wire types of protocol buffers that an ONNX model needs, written front to back. https://protobuf.dev/programming-guides/encoding

/** A message under construction. Fields are written in the order of the calls. */
export class Message {
  private readonly chunks: Uint8Array[] = [];
  private length = 0;

  private push(bytes: Uint8Array): this {
    this.chunks.push(bytes);
    this.length += bytes.length;
    return this;
  }

  /** A whole number ≥ 0, or a negative one as 64-bit two's complement. */
  int(field: number, value: number): this {
    return this.push(varint(field * 8)).push(varint(value));
  }

  ints(field: number, values: readonly number[]): this {
    for (const v of values) this.int(field, v);
    return this;
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.push(varint(field * 8 + 5)).push(bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.push(varint(field * 8 + 2))
      .push(varint(value.length))
      .push(value);
  }

  text = (field: number, value: string): this => this.bytes(field, new TextEncoder().encode(value));
  message = (field: number, value: Message): this => this.bytes(field, value.finish());

  finish(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const c of this.chunks) {
      all.set(c, at);
      at += c.length;
    }
    return all;
  }
}

/** Whole numbers below 2⁵³, and small negative ones. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  if (value < 0) {
    for (let rest = BigInt.asUintN(64, BigInt(value)); rest > 0n; rest >>= 7n) bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    return Uint8Array.from(bytes);
  }
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  bytes.push(value);
  return Uint8Array.from(bytes);
}
