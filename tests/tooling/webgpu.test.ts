// webgpu.test.ts — Node has a WebGPU device that computes (Dawn, on a GPU or on SwiftShader).
import { afterAll, expect, test } from "vitest";
import { create, globals } from "webgpu";
import { webgpuMissing } from "../harness/webgpu.ts";

// Dawn crashes when its instance is collected while a device lives, hence the global.
const keep = globalThis as { toolingGpu?: GPU };
let device: GPUDevice | undefined;
afterAll(() => device?.destroy());

test.skipIf(webgpuMissing)("a shader runs in Node", async () => {
  Object.assign(globalThis, globals);
  keep.toolingGpu = create([]);
  const adapter = await keep.toolingGpu.requestAdapter();
  device = await adapter!.requestDevice();
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const read = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const code = `@group(0) @binding(0) var<storage, read_write> y: array<u32>;
    @compute @workgroup_size(4) fn main(@builtin(local_invocation_index) i: u32) { y[i] = i * i + 1u; }`;
  const pipeline = await device.createComputePipelineAsync({ layout: "auto", compute: { module: device.createShaderModule({ code }) } });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, read, 0, 16);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  expect([...new Uint32Array(read.getMappedRange())]).toEqual([1, 2, 5, 10]);
});
