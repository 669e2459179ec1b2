// The backends that tests run on. In Node: the float64 reference, ONNX Runtime's wasm, and WebGPU through Dawn where a driver is found.

import { nodeGpu } from "../../src/cli/node-gpu.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { referenceBackend } from "../../src/engine/reference/backend.ts";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import { webgpuBackend } from "../../src/engine/webgpu/backend.ts";
import { requestDevice } from "../../src/engine/webgpu/device.ts";

let webgpu: Promise<Backend | null> | undefined;

/** One device per test file; null where this machine has no WebGPU driver (tests then skip and are counted as skipped). */
export const webgpuForTests = (): Promise<Backend | null> =>
  (webgpu ??= nodeGpu()
    .then(requestDevice)
    .then(webgpuBackend)
    .catch((e: unknown) => {
      console.warn(`WebGPU tests skipped: ${String(e)}`);
      return null;
    }));

let wasm: Promise<Backend> | undefined;

/** One per test file. */
export const wasmForTests = (): Promise<Backend> => (wasm ??= wasmBackend({ threads: 1 }));

export const backends = { reference: async () => referenceBackend(), webgpu: webgpuForTests, wasm: wasmForTests };
