// webgpu.test.ts — the browser of the tests has a WebGPU device on the page and in a module worker.
import { expect, test } from "vitest";

test("on the page", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  expect(device.limits.maxComputeInvocationsPerWorkgroup).toBeGreaterThanOrEqual(256);
  device.destroy();
});

test("in a worker", async () => {
  const worker = new Worker(new URL("./webgpu.worker.ts", import.meta.url), { type: "module" });
  const answer = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
  });
  worker.terminate();
  expect(answer).toEqual({ device: true });
});
