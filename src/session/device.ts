// device.ts — the machine's WebGPU in words: for preflight and for the message when there is none.

import { isSoftware } from "../engine/webgpu/device.ts";
import type { DeviceInfo } from "../protocol.ts";

const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/** deviceMemory: GiB, as some browsers tell it (rounded, at most 8 or 32). Half of it is taken to be free for a run. */
export async function describeDevice(gpu: GPU | undefined, userAgent: string, deviceMemory?: number): Promise<DeviceInfo> {
  const room = deviceMemory ? { room: (deviceMemory * 2 ** 30) / 2 } : {};
  const none: DeviceInfo = { webgpu: false, adapter: "", software: false, limits: {}, features: [], ...room };
  if (!gpu) return { ...none, hint: fix(userAgent) };
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) return { ...none, hint: `WebGPU is switched on, but no graphics adapter answers. ${fix(userAgent)}` };
  const { vendor, architecture, description } = adapter.info;
  return {
    webgpu: true,
    adapter: [description || vendor, architecture].filter(Boolean).join(", ") || "unnamed adapter",
    software: isSoftware(adapter.info),
    limits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
    features: [...adapter.features],
    ...room,
  };
}

/** Names the browser and what to do about its missing WebGPU. */
function fix(ua: string): string {
  if (/Firefox\//.test(ua)) return "This looks like Firefox. Open about:config and set dom.webgpu.enabled to true, or use Chrome or Edge 113 or newer.";
  if (/Edg\/|Chrome\/|Chromium\//.test(ua))
    return /Linux|X11/.test(ua) && !/Android/.test(ua)
      ? "This looks like Chrome on Linux. Open chrome://flags, enable “Unsafe WebGPU Support” and “Vulkan”, and restart the browser; chrome://gpu says what is blocked."
      : "This looks like Chrome or Edge. Update it, switch hardware acceleration on (Settings → System), restart; chrome://gpu says what is blocked.";
  if (/Safari\//.test(ua)) return "This looks like Safari. It has WebGPU from version 26 on; before, use Chrome or Edge.";
  return "Use a current Chrome, Edge, Firefox or Safari with WebGPU.";
}
