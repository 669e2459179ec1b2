// browser.ts — what the session finds around it in a worker of the page: files of the site, files the visitor gave, the browser's WebGPU.

import type { Backend } from "../engine/backend.ts";
import { referenceBackend } from "../engine/reference/backend.ts";
import { webgpuBackend } from "../engine/webgpu/backend.ts";
import { requestDevice } from "../engine/webgpu/device.ts";
import type { DeviceInfo, GivenFile, RunConfig } from "../protocol.ts";
import { browserComparisons } from "./browser-comparisons.ts";
import { browserShelf } from "./browser-shelf.ts";
import { chooseBackend } from "./choose-backend.ts";
import { describeDevice } from "./device.ts";
import { givenFolder } from "./folder.ts";
import { findGiven, keepGiven, namedFiles, sweepGiven } from "./given-files.ts";
import { readRecord } from "./records.ts";
import type { Surroundings } from "./studio.ts";

/** root: address of the site's folder, where `models/` lies. */
export function browserSurroundings(root: URL): Surroundings {
  /** By folder: a model's folder, or a data file under its own name. */
  const given = new Map<string, readonly GivenFile[]>();
  /** Those that lie in the page's storage as they were given. */
  const kept = new Set<string>();
  const device = (): Promise<DeviceInfo> => describeDevice(navigator.gpu, navigator.userAgent, (navigator as { deviceMemory?: number }).deviceMemory);
  return {
    context: {
      bundled: new URL("models/", root),
      given,
      disk: async (name) => {
        const files = await findGiven(name);
        return files && givenFolder(name, files);
      },
      dataFile: async (path) => (given.get(path) ?? (await findGiven(path)))?.[0]?.bytes ?? null,
    },
    give: (folder, files) => {
      given.set(folder, files);
      kept.delete(folder);
    },
    keepFiles: async (config) => {
      for (const name of namedFiles(config)) {
        const files = given.get(name);
        if (files && !kept.has(name)) await keepGiven(name, files);
        kept.add(name);
      }
    },
    device,
    shelf: async () => {
      const shelf = await browserShelf();
      const configs = (await shelf.records()).flatMap((record) => readRecord(record)?.record.config ?? []);
      void sweepGiven(new Set(configs.flatMap((config) => (config.model && config.data ? namedFiles(config) : [])))).catch(() => {});
      return shelf;
    },
    comparisons: () => browserComparisons(),
    backend: async (config: RunConfig): Promise<Backend> => {
      const { name } = chooseBackend(config.backend, await device());
      if (name === "reference") return referenceBackend();
      return name === "wasm" ? openWasm() : webgpuBackend(await requestDevice(navigator.gpu));
    },
  };
}

/** Threads where the page is cross-origin isolated; one where they do not start (the backend's `adapter` tells). ONNX Runtime is loaded now, not with the page. */
async function openWasm(): Promise<Backend> {
  const { wasmBackend } = await import("../engine/wasm/backend.ts");
  const threads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency || 1) : 1;
  return wasmBackend({ threads }).catch((e: unknown) => {
    if (threads === 1) throw e;
    return wasmBackend({ threads: 1 });
  });
}
