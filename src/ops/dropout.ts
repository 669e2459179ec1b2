// dropout.ts — y = x · mask / (1 − p). Element e is kept if (hash(seed, step, microStep, site, e) >> 8) ≥ p·2²⁴: counter-based, so the backward
// recomputes the mask, and every backend has the same bits. Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
// x (…), counter u32 (4) = [seed, step, microStep, 0], a leaf written before each replay → (…).

import { defineOp } from "../engine/graph.ts";
import { grid1d, kernel } from "../engine/kernel.ts";
import { hash } from "../engine/random.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, show, size } from "../engine/tensor.ts";
import type { Value } from "../engine/wasm/onnx-model.ts";
import code from "./dropout.wgsl?raw";

const mask = kernel("dropout", code);
/** The least 24-bit number that is kept. */
const threshold = (p: number): number => Math.ceil(p * 2 ** 24);

export const dropoutOp = defineOp<{ p: number; site: number }>({
  name: "dropout",
  infer([x, counter], { p }) {
    if (counter.dtype !== "u32" || size(counter.shape) !== 4)
      throw new ShapeError(`counter is ${show(counter)}; it must be u32 (4) = [seed, step, microStep, 0]`);
    if (!(p >= 0 && p < 1)) throw new ShapeError(`p is ${p}; a dropout probability is at least 0 and below 1`);
    return [x];
  },
  vjp: ([dy], { inputs: [, counter], attrs }) => [dy && dropout(dy, counter, attrs.p, attrs.site), null],
  lower({ inputs: [x, counter], outputs: [y], attrs: { p, site } }) {
    const count = Math.ceil(size(x.shape) / 4);
    const dims = { count, threshold: threshold(p), site, scale: 1 / (1 - p) };
    return [{ kernel: mask, dims, args: [x, counter, y], grid: grid1d(count, 64) }];
  },
  onnx({ inputs: [x, counter], outputs: [y], attrs: { p, site } }, to) {
    // hash() of engine/random.ts on i32, whose products wrap; shifts are u32.
    const fmix = (h: Value): Value => {
      const shift = (v: Value, by: number): Value => to.add("BitwiseXor", [v, to.cast(to.add("BitShift", [to.cast(v, "u32"), to.u32([by])], { direction: "RIGHT" }), "i32")]); // prettier-ignore
      const times = (v: Value, by: number): Value => to.add("Mul", [v, to.i32([by | 0])]);
      return shift(times(shift(times(shift(h, 16), 0x85ebca6b), 13), 0xc2b2ae35), 16);
    };
    const fold = (h: Value, key: Value): Value => fmix(to.add("Add", [to.add("BitwiseXor", [h, key]), to.i32([0x9e3779b9 | 0])]));
    const words = to.cast(to.of(counter), "i32");
    const step = [0, 1, 2].reduce((h, i) => fold(h, to.slice(words, 0, i, i + 1)), to.i32([0]));
    const bits = fold(fold(step, to.i32([site])), to.range(size(x.shape)));
    const high = to.cast(to.add("BitShift", [to.cast(bits, "u32"), to.u32([8])], { direction: "RIGHT" }), "i32");
    const kept = to.once(`dropout ${counter.id} ${site} ${p} ${x.shape}`, () => {
      const mask = to.cast(to.add("GreaterOrEqual", [high, to.i32([threshold(p)])]), "f32");
      return to.reshape(to.add("Mul", [mask, to.f32([1 / (1 - p)])]), x.shape);
    });
    to.set(y, to.add("Mul", [to.of(x), kept]));
  },
  ref([x, counter], { p, site }) {
    const [seed, step, microStep] = counter.data;
    const kept = (e: number): boolean => hash(seed, step, microStep, site, e) >>> 8 >= p * 2 ** 24;
    return [
      nd(
        x.shape,
        Float64Array.from(x.data, (v, e) => (kept(e) ? v / (1 - p) : 0)),
      ),
    ];
  },
});

/** x (…), counter u32 (4) → (…); x itself for p = 0. `site` keeps the masks of different places apart. */
export const dropout = (x: Tensor, counter: Tensor, p: number, site: number): Tensor => (p === 0 ? x : dropoutOp.apply([x, counter], { p, site })[0]);
