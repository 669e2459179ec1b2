// classes.ts — WebGPU backends on one device, one per class of target, so that every lowering runs whatever machine the tests are on.

import { nodeGpu } from "../../src/cli/node-gpu.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { webgpuBackend } from "../../src/engine/webgpu/backend.ts";
import { type Device, requestDevice } from "../../src/engine/webgpu/device.ts";

let device: Promise<Device> | undefined;
const made = new Map<Device["class"], Promise<Backend>>();

export const classes = ["cpu", "gpu"] as const;

/** One device per test file. */
export function webgpuOf(target: Device["class"]): Promise<Backend> {
  device ??= nodeGpu().then(requestDevice);
  const known = made.get(target) ?? device.then((d) => webgpuBackend({ ...d, class: target }));
  made.set(target, known);
  return known;
}
