// webgpu.ts — WebGPU in Node tests: `describe.skipIf(webgpuMissing)` or `test.skipIf(webgpuMissing)` around what needs a device.
import { inject } from "vitest";

/** Why Node has no WebGPU adapter here; empty when it has one. The reason is printed once per run. */
export const webgpuMissing: string = inject("webgpuMissing");
