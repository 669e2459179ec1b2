// embedding.ts — y[m] = table[ids[m]]. ids i32 (B, T), table (V, C) → (B, T, C). The gradient is deterministic, without atomics: the first
// position of an id sums all its positions, found through a chain of links. Ids are checked on the host; one outside the table gives zeros here.

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { nd, ndUint } from "../engine/reference/nd-array.ts";
import type { Dispatch } from "../engine/op.ts";
import { ShapeError, type Tensor, last, show, size, spec } from "../engine/tensor.ts";
import { fillKernel } from "./fill.ts";
import linksCode from "./embedding.backward.links.wgsl?raw";
import backwardCode from "./embedding.backward.wgsl?raw";
import code from "./embedding.wgsl?raw";

const gather = kernel("embedding", code);
const linkUp = kernel("embedding.backward.links", linksCode);
const scatter = kernel("embedding.backward", backwardCode);

export const embeddingOp = defineOp<object>({
  name: "embedding",
  infer([ids, table]) {
    if (ids.dtype !== "i32") throw new ShapeError(`ids are ${show(ids)}; token ids are i32`);
    if (table.shape.length !== 2 || table.shape[1] % 4)
      throw new ShapeError(`table ${show(table)} is not (vocabulary, width) with a width that is a multiple of 4`);
    return [spec([...ids.shape, table.shape[1]])];
  },
  vjp: ([dy], { inputs: [ids, table] }, needs) => [null, dy && needs[1] ? embeddingBackwardOp.apply([dy, ids], { vocabulary: table.shape[0] })[0] : null],
  lower({ inputs: [ids, table], outputs: [y] }) {
    const columns = table.shape[1] / 4;
    const count = size(ids.shape) * columns;
    return [{ kernel: gather, dims: { count, columns, vocabulary: table.shape[0] }, args: [ids, table, y], grid: grid1d(count, 64) }];
  },
  onnx: ({ inputs: [ids, table], outputs: [y] }, to) => to.set(y, to.add("Gather", [to.of(table), to.of(ids)])),
  ref([ids, table]) {
    const [vocabulary, width] = table.shape;
    const y = nd([...ids.shape, width]);
    ids.data.forEach((id, m) => {
      if (id < 0 || id >= vocabulary) throw new Error(`token id ${id} at position ${m} is outside a vocabulary of ${vocabulary}`);
      y.data.set(table.data.subarray(id * width, (id + 1) * width), m * width);
    });
    return [y];
  },
});

/** dTable[v] = [dTable[v] +] Σ_{m: ids[m] = v} dy[m]: dy (…, C), ids i32 (…) [, dTable (V, C)] → (V, C), links u32 (M, 2) (scratch). */
export const embeddingBackwardOp = defineOp<{ vocabulary: number; accumulate?: boolean }>({
  name: "embedding.backward",
  infer: ([dy, ids], { vocabulary }) => [spec([vocabulary, last(dy.shape)]), spec([size(ids.shape), 2], "u32")],
  inPlace: ({ accumulate }, inputs) => (accumulate ? [[0, inputs - 1]] : []),
  withAddend: (attrs, how) => (how === "inPlace" && !attrs.accumulate ? { ...attrs, accumulate: true } : null),
  lower({ inputs: [dy, ids], outputs: [dTable, links], attrs: { vocabulary, accumulate } }): Dispatch[] {
    const columns = last(dy.shape) / 4;
    const positions = size(ids.shape);
    const all = vocabulary * columns;
    const zero = { kernel: fillKernel, dims: { count: all, value: 0 }, args: [dTable], grid: grid1d(all, 64) };
    return [
      ...(accumulate ? [] : [zero]),
      { kernel: linkUp, dims: { positions }, args: [ids, links], grid: grid1d(positions, 64) },
      {
        kernel: scatter,
        dims: { positions, columns, vocabulary, accumulate: accumulate ? 1 : 0 },
        args: [dy, ids, links, dTable],
        grid: grid1d(positions * columns, 64),
      },
    ];
  },
  onnx({ inputs: [dy, ids, before], outputs: [dTable], attrs: { vocabulary } }, to) {
    const width = last(dy.shape);
    const rows = to.add("Expand", [to.reshape(to.of(ids), [-1, 1]), to.i64([1, width])]);
    const start = before ? to.of(before) : to.add("Expand", [to.f32(0), to.i64([vocabulary, width])]);
    to.set(dTable, to.add("ScatterElements", [start, rows, to.matrix(dy)], { axis: 0, reduction: "add" }));
  },
  ref([dy, ids, before], { vocabulary }) {
    const width = last(dy.shape);
    const dTable = nd([vocabulary, width], before?.data);
    ids.data.forEach((id, m) => {
      for (let c = 0; c < width; c++) dTable.data[id * width + c] += dy.data[m * width + c];
    });
    return [dTable, ndUint([ids.data.length, 2])];
  },
});

/** ids i32 (B, T), table (V, C) → (B, T, C). */
export const embedding = (ids: Tensor, table: Tensor): Tensor => embeddingOp.apply([ids, table], {})[0];
