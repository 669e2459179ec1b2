// The head's logits in chunks of rows: whatever the chunk, the same loss, per-row values and gradients.

import { expect, test } from "vitest";
import { grad } from "../../src/engine/grad.ts";
import { nd, ndInt } from "../../src/engine/reference/nd-array.ts";
import { add } from "../../src/ops/add.ts";
import { crossEntropy } from "../../src/ops/cross-entropy.ts";
import { mul } from "../../src/ops/elementwise.ts";
import { backends, webgpuForTests } from "../harness/backends.ts";
import { relativeError, run } from "../harness/run.ts";
import { uniform } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

test.skipIf(webgpuMissing).each([
  { M: 21, V: 13, trained: true },
  { M: 40, V: 64, trained: true },
  { M: 17, V: 307, trained: false },
])("$M rows of $V, head trained: $trained", async ({ M, V, trained }) => {
  const C = 12;
  const noise = (shape: number[], key: number) =>
    nd(
      shape,
      Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => uniform(key, i)),
    );
  const inputs = {
    x: noise([M, C], 1),
    W: noise([V, C], 2),
    labels: ndInt(
      [M],
      Int32Array.from({ length: M }, (_, i) => (i % 5 === 2 ? -100 : (i * 7) % V)),
    ),
    n: nd([1], [M / 3]),
    factor: nd([1], [0.5]),
  };
  const valuesWith = (backend: Awaited<ReturnType<typeof webgpuForTests>>, chunk?: number, times = false) =>
    run(backend!, inputs, ({ x, W, labels, n, factor }) => {
      const { loss, losses, correct } = crossEntropy(x, W, labels, n, { x: true, W: trained }, chunk);
      const [dx, dW] = grad(times ? mul(loss, factor) : loss, trained ? [x, W] : [x], add);
      return { loss, losses, correct, dx: dx!, ...(dW ? { dW } : {}) };
    });
  const truth = await valuesWith(await backends.reference());
  const backend = await webgpuForTests();
  for (const chunk of [undefined, 1, 16 * V, 9 * V]) {
    const value = await valuesWith(backend, chunk);
    for (const name of ["loss", "losses", "correct", "dx", ...(trained ? ["dW"] : [])])
      expect(relativeError(value[name], truth[name]), `${name}, chunk ${chunk}`).toBeLessThan(2e-6);
  }
  const half = await valuesWith(backend, 1, true);
  expect(relativeError(half.dx, truth.dx.map((d) => d / 2))).toBeLessThan(2e-6); // prettier-ignore
});
