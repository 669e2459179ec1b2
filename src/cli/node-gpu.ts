// node-gpu.ts — WebGPU in Node: Dawn, through the npm package `webgpu`.

/** Dawn's `navigator.gpu`. It must outlive every device, so it is kept in a global. Throws where the package has no binary for this machine. */
export async function nodeGpu(): Promise<GPU> {
  const kept = globalThis as { dawn?: GPU };
  if (!kept.dawn) {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    kept.dawn = create([]);
  }
  return kept.dawn;
}
