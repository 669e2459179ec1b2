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
import { type StudioDatabase, openDatabase } from "./database.ts";
import { findGiven, keepGiven, sweepGiven } from "./given-files.ts";
import { filesOfComparison, filesOfRun } from "./named-files.ts";
import { readRecord } from "./records.ts";
import type { Surroundings } from "./studio.ts";

/** root: address of the site's folder, where `models/` lies. */
export function browserSurroundings(root: URL): Surroundings {
  /** By folder: a model's folder, or a data file under its own name. */
  const given = new Map<string, readonly GivenFile[]>();
  /** Those that lie in the page's storage, as they were when they were given; one copy at a time. */
  const kept = new Map<string, readonly GivenFile[]>();
  let copied = Promise.resolve();
  /** Opened once, for runs and comparisons. */
  let opened: Promise<StudioDatabase> | null = null;
  const database = (): Promise<StudioDatabase> => (opened ??= openDatabase());
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
    give: (folder, files) => void given.set(folder, files),
    keepFiles: (names) => {
      const copy = async (): Promise<void> => {
        for (const name of names) {
          const files = given.get(name);
          if (!files || kept.get(name) === files) continue;
          await keepGiven(name, files);
          kept.set(name, files);
        }
      };
      return (copied = copied.then(copy, copy));
    },
    device,
    shelf: async () => {
      const shelf = await browserShelf(database);
      void database().then(neededFiles).then(sweepGiven).catch(() => {}); // prettier-ignore
      return shelf;
    },
    comparisons: () => browserComparisons(database),
    backend: async (config: RunConfig): Promise<Backend> => {
      const { name } = chooseBackend(config.backend, await device());
      if (name === "reference") return referenceBackend();
      return name === "wasm" ? openWasm() : webgpuBackend(await requestDevice(navigator.gpu));
    },
  };
}

/** By the runs and comparisons that are kept; one that cannot be read needs none. */
async function neededFiles({ runs, comparisons }: StudioDatabase): Promise<ReadonlySet<string>> {
  const readable = (files: () => string[]): string[] => {
    try {
      return files();
    } catch {
      return [];
    }
  };
  const ofRuns = (await runs.toArray()).flatMap((value) => readable(() => filesOfRun(readRecord(value)!.record.config)));
  const ofComparisons = (await comparisons.toArray()).flatMap(({ comparison }) => readable(() => filesOfComparison(comparison)));
  return new Set([...ofRuns, ...ofComparisons]);
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
