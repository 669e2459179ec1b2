// browser.ts — what the session finds around it in a worker of the page: files of the site, files the visitor gave, the browser's WebGPU.

import type { Backend } from "../engine/backend.ts";
import { referenceBackend } from "../engine/reference/backend.ts";
import { webgpuBackend } from "../engine/webgpu/backend.ts";
import { requestDevice } from "../engine/webgpu/device.ts";
import type { GivenFile, RunConfig } from "../protocol.ts";
import { describeDevice } from "./device.ts";
import type { Surroundings } from "./studio.ts";

/** root: address of the site's folder, where `models/` lies. */
export function browserSurroundings(root: URL): Surroundings {
  /** By folder: a model's folder, or a data file under its own name. */
  const given = new Map<string, readonly GivenFile[]>();
  return {
    context: { bundled: new URL("models/", root), given, dataFile: async (path) => given.get(path)?.[0]?.bytes ?? null },
    give: (folder, files) => void given.set(folder, files),
    device: () => describeDevice(navigator.gpu, navigator.userAgent, (navigator as { deviceMemory?: number }).deviceMemory),
    backend: async (config: RunConfig): Promise<Backend> =>
      config.backend === "reference" ? referenceBackend() : webgpuBackend(await requestDevice(navigator.gpu)),
  };
}
