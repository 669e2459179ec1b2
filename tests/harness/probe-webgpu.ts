// probe-webgpu.ts — once per run: does Node find a WebGPU adapter (npm package `webgpu`, Dawn)? Asked in a process of its
// own, since a driver can crash. Tests read the answer through harness/webgpu.ts.
import { spawnSync } from "node:child_process";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Why there is no WebGPU in Node; empty when there is. */
    webgpuMissing: string;
  }
}

const script = `
  const { create } = await import("webgpu");
  const gpu = (globalThis.gpu = create([]));
  const adapter = await gpu.requestAdapter();
  process.stdout.write(adapter ? "adapter" : "no adapter", () => process.exit(0));`;

export default function setup(project: TestProject) {
  const { stdout, signal } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: project.config.root,
    env: { ...process.env, ...project.config.env },
    encoding: "utf8",
    timeout: 60_000,
  });
  const missing =
    stdout === "adapter" ? "" : `Node finds no WebGPU adapter (${signal ?? (stdout || "error")}): libvulkan1 and a SwiftShader driver or a GPU are needed.`;
  if (missing) console.warn(`Skipping the WebGPU tests in Node. ${missing}`);
  project.provide("webgpuMissing", missing);
}
