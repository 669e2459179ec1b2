// webgpu.worker.ts — answers whether a device exists inside a worker.
const adapter = await navigator.gpu.requestAdapter();
const device = await adapter?.requestDevice();
postMessage({ device: device !== undefined });
export {};
