// gpu-memory.ts — a storage buffer, whole vec4s long.

import type { Memory } from "../backend.ts";

export class GpuMemory implements Memory {
  readonly buffer: GPUBuffer;
  constructor(
    gpu: GPUDevice,
    readonly elements: number,
    readonly label: string,
    /** Submits commands that are encoded and not sent yet: they may name this buffer. */
    private readonly flush: () => void = () => {},
  ) {
    this.buffer = gpu.createBuffer({
      label,
      size: Math.ceil(elements / 4) * 16,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
  }
  destroy(): void {
    this.flush();
    this.buffer.destroy();
  }
}
