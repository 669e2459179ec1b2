// counting.ts — a WebGPU backend on a device that counts what is created on it, and the bytes of the buffers alive.

import { nodeGpu } from "../../src/cli/node-gpu.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { webgpuBackend } from "../../src/engine/webgpu/backend.ts";
import { requestDevice } from "../../src/engine/webgpu/device.ts";

export interface Counting {
  backend: Backend;
  /** Objects created since the last call, by method and label; command encoders are not counted, a step needs one per submit. */
  created(): Record<string, number>;
  /** Bytes of live buffers by label. */
  live(): Map<string, number>;
  /** First validation error since the last call; null: none. */
  fault(): Promise<string | null>;
}

/** `limits`: limits the device pretends to have. Its pipelines take seconds to make on a software device: share it. */
export async function countingBackend(limits: Record<string, number> = {}): Promise<Counting> {
  const device = await requestDevice(await nodeGpu());
  const real = device.gpu;
  let counts: Record<string, number> = {};
  const buffers = new Map<GPUBuffer, { label: string; bytes: number }>();
  const methods = new Map<PropertyKey, unknown>();
  const method = (name: PropertyKey, fn: (...args: never[]) => unknown) => {
    const made = (...args: never[]): unknown => {
      const label = `${String(name)} ${(args[0] as { label?: string } | undefined)?.label ?? ""}`;
      if (String(name).startsWith("create") && name !== "createCommandEncoder") counts[label] = (counts[label] ?? 0) + 1;
      const result = fn.apply(real, args);
      if (name === "createBuffer") {
        const { label = "", size } = args[0] as GPUBufferDescriptor;
        const buffer = result as GPUBuffer;
        buffers.set(buffer, { label, bytes: size });
        const destroy = buffer.destroy.bind(buffer);
        buffer.destroy = (): undefined => {
          buffers.delete(buffer);
          destroy();
        };
      }
      return result;
    };
    methods.set(name, made);
    return made;
  };
  const gpu = new Proxy(real, {
    get(target, name) {
      if (name === "limits") return new Proxy(target.limits, { get: (l, k) => limits[String(k)] ?? Reflect.get(l, k, l) });
      if (methods.has(name)) return methods.get(name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? method(name, value as never) : value;
    },
  });
  gpu.pushErrorScope("validation");
  return {
    backend: webgpuBackend({ ...device, gpu }),
    created() {
      const now = counts;
      counts = {};
      return now;
    },
    live() {
      const bytes = new Map<string, number>();
      for (const b of buffers.values()) bytes.set(b.label, (bytes.get(b.label) ?? 0) + b.bytes);
      return bytes;
    },
    async fault() {
      const error = await gpu.popErrorScope();
      gpu.pushErrorScope("validation");
      return error?.message ?? null;
    },
  };
}
