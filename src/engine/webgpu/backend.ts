// The WebGPU backend: buffers, pipelines, and the queue with its time slices. Plans are compiled in plan.ts.

import type { Backend, Data, Plan, Range } from "../backend.ts";
import type { Kernel } from "../kernel.ts";
import type { Device } from "./device.ts";
import { GpuMemory } from "./gpu-memory.ts";
import { SlotPool, WebGpuPlan } from "./plan.ts";
import { Queue } from "./queue.ts";

/** Something the device refused or could not do. */
export class DeviceError extends Error {
  override name = "DeviceError";
  readonly where = "device";
  readonly hint: string;
  /** lost: the device is gone for good; a new one may work. */
  constructor(
    message: string,
    memory: boolean,
    readonly lost = false,
  ) {
    super(message);
    this.hint = memory
      ? "Take a smaller batch, shorter rows or a smaller model, and close other tabs."
      : "Reload the page and try again; if it comes back, update the browser and the graphics driver.";
  }
}

const bufferOf = (r: Range): GPUBuffer => (r.memory as GpuMemory).buffer;

export function webgpuBackend(device: Device): Backend {
  const { gpu } = device;
  const pipelines = new Map<Kernel, Promise<GPUComputePipeline>>();
  const pool = new SlotPool(gpu);
  const queue = new Queue(gpu);

  // WebGPU reports refused allocations, invalid work and a lost device on the side; whoever uses the backend next is told.
  let failure: Error | null = null;
  gpu.addEventListener("uncapturederror", (event) => {
    const { error } = event as GPUUncapturedErrorEvent;
    const memory = error instanceof GPUOutOfMemoryError;
    failure ??= new DeviceError(memory ? `the device has no memory left: ${error.message}` : error.message, memory);
  });
  let ended = false;
  const lost = gpu.lost.then((info) => {
    if (!ended) failure ??= new DeviceError(`the device was lost${info.message ? ` (${info.message.replace(/\.+$/, "")})` : ""}`, false, true);
  });
  const check = (): void => {
    if (failure) throw failure;
  };
  /** What is refused on a device that is being lost is refused because of that, though it may be heard of first. */
  const refused = async (cause: unknown): Promise<never> => {
    await Promise.race([lost, new Promise((resolve) => setTimeout(resolve, 100))]);
    check();
    throw cause;
  };

  const pipeline = (kernel: Kernel): Promise<GPUComputePipeline> => {
    let made = pipelines.get(kernel);
    if (!made) {
      const module = gpu.createShaderModule({ label: kernel.name, code: kernel.code });
      made = gpu.createComputePipelineAsync({ label: kernel.name, layout: "auto", compute: { module } }).catch(async (cause: unknown) => {
        const info = await module.getCompilationInfo();
        const lines = info.messages.filter((m) => m.type === "error").map((m) => `${m.lineNum}:${m.linePos} ${m.message}`);
        throw new Error(`kernel "${kernel.name}" does not compile on ${device.adapter}: ${lines.join("; ") || String(cause)}`, { cause });
      });
      pipelines.set(kernel, made);
    }
    return made;
  };

  // Read-back buffers by size (a power of two), used again and again.
  const staging = new Map<number, GPUBuffer[]>();
  const bytes = async (from: Range): Promise<ArrayBuffer> => {
    check();
    queue.flush();
    const size = 2 ** Math.ceil(Math.log2(Math.max(256, from.elements * 4)));
    const free = staging.get(size) ?? [];
    staging.set(size, free);
    const buffer = free.pop() ?? gpu.createBuffer({ label: "read-back", size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(bufferOf(from), from.offset * 4, buffer, 0, from.elements * 4);
    gpu.queue.submit([encoder.finish()]);
    await buffer.mapAsync(GPUMapMode.READ).catch(refused);
    check();
    const copy = buffer.getMappedRange().slice(0, from.elements * 4);
    buffer.unmap();
    free.push(buffer);
    return copy;
  };

  return {
    name: "webgpu",
    adapter: device.adapter,
    get pipelines() {
      return pipelines.size;
    },
    get encodeMs() {
      return queue.encodeMs;
    },
    memory: (elements, label) => {
      if (elements * 4 > gpu.limits.maxBufferSize)
        throw new Error(`"${label}" needs ${elements * 4} bytes; one buffer holds at most ${gpu.limits.maxBufferSize} on ${device.adapter}`);
      return new GpuMemory(gpu, elements, label, () => queue.flush());
    },
    write: (to, data: Data) => {
      queue.flush();
      gpu.queue.writeBuffer(bufferOf(to), to.offset * 4, (data instanceof Float64Array ? Float32Array.from(data) : data) as Float32Array<ArrayBuffer>);
    },
    read: async (from) => new Float32Array(await bytes(from)),
    readInts: async (from) => new Int32Array(await bytes(from)),
    readExact: async (from) => new Float32Array(await bytes(from)),
    copy: (from, to) => queue.encode((encoder) => encoder.copyBufferToBuffer(bufferOf(from), from.offset * 4, bufferOf(to), to.offset * 4, from.elements * 4)),
    fill0: (range) => queue.encode((encoder) => encoder.clearBuffer(bufferOf(range), range.offset * 4, range.elements * 4)),
    compile: async (name, graph, place, progress) => {
      const plan = new WebGpuPlan(name, graph, place, device, pool, () => queue.flush());
      const kernels = [...plan.kernels()];
      let done = 0;
      progress?.(done, kernels.length);
      const made = await Promise.all(
        kernels.map(async (k): Promise<[Kernel, GPUComputePipeline]> => {
          const p = await pipeline(k);
          progress?.(++done, kernels.length);
          return [k, p];
        }),
      );
      plan.usePipelines(new Map(made));
      return plan;
    },
    run: async (plan: Plan, cancelled) => {
      check();
      return queue.run(plan as WebGpuPlan, cancelled);
    },
    idle: () => queue.idle(),
    destroy: () => {
      ended = true;
      pool.destroy();
      gpu.destroy();
    },
  };
}
