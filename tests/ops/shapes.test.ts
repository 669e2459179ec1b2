// Shapes that do not fit are refused where they are traced, naming the shapes, the call site and what to look at.

import { expect, test } from "vitest";
import { at, leaf, trace } from "../../src/engine/graph.ts";
import { type DType, type Shape, ShapeError, type Tensor } from "../../src/engine/tensor.ts";
import { adamw } from "../../src/ops/adamw.ts";
import { gradNorms } from "../../src/ops/clip.ts";
import { dropout } from "../../src/ops/dropout.ts";
import { mul, scaleBy } from "../../src/ops/elementwise.ts";
import { embedding } from "../../src/ops/embedding.ts";
import { lowRankNorm } from "../../src/ops/low-rank-norm.ts";
import { broadcast, sum } from "../../src/ops/reduce.ts";
import { reshape } from "../../src/ops/reshape.ts";
import { rmsNorm } from "../../src/ops/rms-norm.ts";
import { swiglu } from "../../src/ops/swiglu.ts";

let leaves = 0;
const x = (shape: Shape, dtype?: DType): Tensor => leaf("input", `x${leaves++}`, shape, dtype);
const sites = { ranks: [4], outs: [8], scaleIndex: [0] };

test.each<[string, RegExp, () => unknown]>([
  ["rmsNorm weight", /rmsNorm: x \(2, 8\) has 8 features, the weight is \(12\).*hidden_size/, () => rmsNorm(x([2, 8]), x([12]), 1e-5)],
  ["rmsNorm width", /rows of 6 are no whole vec4s/, () => rmsNorm(x([2, 6]), x([6]), 1e-5)],
  ["swiglu width", /\(2, 12\): 12 columns are not two halves/, () => swiglu(x([2, 12]))],
  ["embedding ids", /ids are \(1, 2\); token ids are i32/, () => embedding(x([1, 2]), x([5, 4]))],
  ["embedding table", /table \(5, 6\) is not \(vocabulary, width\)/, () => embedding(x([1, 2], "i32"), x([5, 6]))],
  ["mul", /factors differ in shape: \(2, 3\) and \(3, 2\)/, () => mul(x([2, 3]), x([3, 2]))],
  ["scaleBy", /the scale is \(2\)/, () => scaleBy(x([2, 3]), x([2]))],
  ["sum", /sum of i32 \(3\)/, () => sum(x([3], "i32"))],
  ["broadcast", /\(2\) is spread over \(4, 4\)/, () => broadcast(x([2]), [4, 4])],
  ["reshape", /\(2, 3\) holds 6 elements, \(7\) needs 7/, () => reshape(x([2, 3]), [7])],
  ["dropout counter", /counter is \(4\); it must be u32 \(4\)/, () => dropout(x([8]), x([4]), 0.5, 0)],
  ["segment table", /segment table i32 \(2, 8\)/, () => gradNorms(x([8]), x([2, 8], "i32"))],
  ["flat buffer", /flat buffer \(6\)/, () => gradNorms(x([6]), x([1, 8], "u32"))],
  ["adamw buffers", /flat buffers differ/, () => adamw({ p: x([8]), g: x([8]), m: x([12]), v: x([8]), segments: x([1, 8], "u32") }, x([8]), x([2]))],
  ["lowRankNorm A", /A \(3, 8\) does not hold ranks \[4\]/, () => lowRankNorm(x([3, 8]), x([32]), x([1]), sites)],
  ["lowRankNorm B", /B \(16\) does not hold/, () => lowRankNorm(x([4, 8]), x([16]), x([1]), sites)],
  ["lowRankNorm scales", /scaleIndex \[3\]/, () => lowRankNorm(x([4, 8]), x([32]), x([1]), { ...sites, scaleIndex: [3] })],
])("%s", (_, message, call) => {
  trace(() =>
    at("layers.3", () => {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(message);
      expect(call).toThrow("layers.3");
    }),
  );
});
