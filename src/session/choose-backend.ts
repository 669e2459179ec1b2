// choose-backend.ts — where a run computes and why, from what the configuration asks for and what the machine has.

import type { DeviceInfo, Preflight, RunConfig } from "../protocol.ts";

/** why: words for the page. A backend that the configuration names is taken, also where another would be quicker. */
export function chooseBackend(wanted: RunConfig["backend"], device: DeviceInfo): Preflight["backend"] & { name: "webgpu" | "wasm" | "reference" } {
  if (wanted === "reference") return { name: "reference", why: "chosen in the settings: float64 on the processor, slow" };
  if (wanted === "wasm") return { name: "wasm", why: "chosen in the settings" };
  if (wanted === "webgpu") return { name: "webgpu", why: device.adapter || "this browser has no WebGPU" };
  if (!device.webgpu) return { name: "wasm", why: "there is no WebGPU here" };
  if (device.software) return { name: "wasm", why: `quicker than WebGPU by software (${device.adapter})` };
  return { name: "webgpu", why: device.adapter };
}
