// label-loss.ts — the loss of a classifier or a regression from its logits, one label per row, with the gradient made on the way forward.
//
//   classes: logits (B, V rounded up to a vec4), labels i32 (B), below 0 = not counted → loss (1) = Σ −log softmax(logits)[label] / denominator
//   value:   logits (B, 4), labels f32 (B)                                            → loss (1) = Σ (logits₀ − label)² / denominator
//
// Also per row: losses (B), undivided. Columns past V are not read; their gradients are 0.

import { ONE } from "../engine/grad.ts";
import { defineOp } from "../engine/graph.ts";
import { kernel } from "../engine/kernel.ts";
import type { Dispatch } from "../engine/op.ts";
import { nd } from "../engine/reference/nd-array.ts";
import { ShapeError, type Tensor, last, pad4, show, spec } from "../engine/tensor.ts";
import { sumKernel } from "./cross-entropy.ts";
import { scaleBy } from "./elementwise.ts";
import classesCode from "./label-loss.classes.wgsl?raw";
import valueCode from "./label-loss.value.wgsl?raw";

/** V; 1: regression, as in transformers. */
interface LabelLossAttrs {
  classes: number;
}

const classesKernel = kernel("label-loss.classes", classesCode);
const valueKernel = kernel("label-loss.value", valueCode);

export const labelLossOp = defineOp<LabelLossAttrs>({
  name: "labelLoss",
  infer([logits, labels, denominator], { classes }) {
    const [batch, width] = logits.shape;
    if (logits.shape.length !== 2 || width !== pad4(classes))
      throw new ShapeError(`logits ${show(logits)} of ${classes} classes must be (B, ${pad4(classes)})`);
    const dtype = classes === 1 ? "f32" : "i32";
    if (show(labels) !== show({ shape: [batch], dtype })) throw new ShapeError(`labels ${show(labels)} of ${classes} classes must be ${dtype} (${batch})`);
    if (show(denominator) !== "(1)") throw new ShapeError(`denominator must be (1), got ${show(denominator)}`);
    return [spec([1]), spec([batch]), logits];
  },
  vjp: ([dy], { outputs: [, , d] }) => (dy ? [dy === ONE ? d : scaleBy(d, dy)] : []),
  lower({ inputs: [logits, labels, denominator], outputs: [loss, losses, d], attrs: { classes } }): Dispatch[] {
    const [rows, width] = logits.shape;
    return [
      {
        kernel: classes === 1 ? valueKernel : classesKernel,
        dims: { rows, classes, width },
        args: [logits, labels, denominator, losses, d],
        grid: [Math.ceil(rows / 16), 1, 1],
      },
      { kernel: sumKernel, dims: { rows }, args: [losses, denominator, loss], grid: [1, 1, 1] },
    ];
  },
  onnx({ inputs: [logits, labels, denominator], outputs: [loss, losses, d], attrs: { classes } }, to) {
    const [batch, width] = logits.shape;
    const used = to.columns(logits, 0, classes); // (B, V)
    const label = to.reshape(to.of(labels), [batch, 1]);
    const sum = (v: ReturnType<typeof to.of>): ReturnType<typeof to.of> => to.reshape(to.reduce("ReduceSum", v, 1), [batch]);
    const apart = to.add("Sub", [used, classes === 1 ? label : to.f32(0)]);
    const own = to.cast(to.add("Equal", [to.reshape(to.range(classes), [1, classes]), classes === 1 ? to.i32(0) : label]), "f32"); // (B, V), one-hot; zeros where not counted
    const [perRow, gradient] =
      classes === 1
        ? [to.add("Mul", [apart, apart]), to.add("Mul", [apart, to.f32(2)])]
        : [
            to.add("Mul", [to.add("Neg", [to.add("LogSoftmax", [used])]), own]),
            to.add("Sub", [to.add("Mul", [to.add("Softmax", [used]), to.reduce("ReduceSum", own, 1)]), own]),
          ];
    to.set(losses, sum(perRow));
    to.set(loss, to.add("Div", [to.reduce("ReduceSum", to.of(losses), 0), to.of(denominator)]));
    const scaled = to.add("Div", [gradient, to.of(denominator)]);
    to.set(d, width === classes ? scaled : to.concat([scaled, to.zeros([batch, width - classes])], 1));
  },
  ref([logits, labels, denominator], { classes }) {
    const [batch, width] = logits.shape;
    const [losses, d] = [nd([batch]), nd(logits.shape)];
    for (let b = 0; b < batch; b++) {
      const row = Float64Array.from(logits.data.subarray(b * width, b * width + classes));
      const label = labels.data[b];
      if (classes === 1) {
        losses.data[b] = (row[0] - label) ** 2;
        d.data[b * width] = (2 * (row[0] - label)) / denominator.data[0];
      } else if (label >= 0) {
        const most = row.reduce((x, y) => Math.max(x, y));
        const Z = row.reduce((sum, l) => sum + Math.exp(l - most), 0);
        losses.data[b] = most + Math.log(Z) - row[label];
        row.forEach((l, v) => (d.data[b * width + v] = (Math.exp(l - most) / Z - Number(v === label)) / denominator.data[0]));
      }
    }
    return [nd([1], [Array.from(losses.data).reduce((x, y) => x + y, 0) / denominator.data[0]]), losses, d];
  },
});

/** logits (B, V rounded up to a multiple of 4), labels i32 (B), or f32 (B) where V is 1, denominator (1) → loss (1), losses (B). */
export function labelLoss(logits: Tensor, labels: Tensor, denominator: Tensor, classes: number): { loss: Tensor; losses: Tensor } {
  if (last(logits.shape) !== pad4(classes)) throw new ShapeError(`logits ${show(logits)} are not those of ${classes} classes`);
  const [loss, losses] = labelLossOp.apply([logits, labels, denominator], { classes });
  return { loss, losses };
}
