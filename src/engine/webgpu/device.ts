// device.ts — asks for a WebGPU device with the adapter's own limits. No feature is required.

export interface Device {
  readonly gpu: GPUDevice;
  readonly adapter: string;
  /** `cpu`: a software rasteriser; lowerings choose other variants there. */
  readonly class: "gpu" | "cpu";
}

/** No WebGPU here: says what to do. */
export class NoWebGpuError extends Error {
  override name = "NoWebGpuError";
}

const WANTED = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
  "maxComputeWorkgroupsPerDimension",
] as const;

/** `gpu`: navigator.gpu, or Dawn's object in Node. Throws NoWebGpuError. */
export async function requestDevice(gpu: GPU | undefined): Promise<Device> {
  if (!gpu) throw new NoWebGpuError("this browser has no WebGPU");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new NoWebGpuError("WebGPU is there, but no adapter was found: the graphics driver may be blocked or missing");
  const requiredLimits: Record<string, number> = {};
  for (const name of WANTED) requiredLimits[name] = adapter.limits[name] as number;
  const device = await adapter.requestDevice({ requiredLimits });
  const { vendor, architecture, description } = adapter.info;
  const words = [description || vendor, architecture].filter(Boolean).join(", ");
  return { gpu: device, adapter: words || "unnamed adapter", class: isSoftware(adapter.info) ? "cpu" : "gpu" };
}

export const isSoftware = (info: GPUAdapterInfo): boolean =>
  Boolean((info as { isFallbackAdapter?: boolean }).isFallbackAdapter) ||
  /swiftshader|llvmpipe|lavapipe|software/i.test(`${info.architecture} ${info.description} ${info.device}`);
