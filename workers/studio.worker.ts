// studio.worker.ts — the session in a worker. The only file that knows it is in one.

import { expose } from "comlink";
import { webgpuBackend } from "../src/engine/webgpu/backend.ts";
import { requestDevice } from "../src/engine/webgpu/device.ts";
import { referenceBackend } from "../src/engine/reference/backend.ts";
import { describeDevice } from "../src/session/device.ts";
import { StudioSession } from "../src/session/studio.ts";
import type { GivenFile } from "../src/protocol.ts";

/** Files the visitor gave, by folder: a model's folder, or a data file under its own name. */
const given = new Map<string, readonly GivenFile[]>();

expose(
  new StudioSession({
    context: {
      bundled: new URL("../models/", self.location.href),
      given,
      dataFile: async (path) => given.get(path)?.[0]?.bytes ?? null,
    },
    give: (folder, files) => void given.set(folder, files),
    device: () => describeDevice(navigator.gpu, navigator.userAgent),
    backend: async (config) => (config.backend === "reference" ? referenceBackend() : webgpuBackend(await requestDevice(navigator.gpu))),
  }),
);
