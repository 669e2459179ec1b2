// rankscope.ts — our own contestant: the reference step on the backends of the page, in a worker as there.

import { referenceCase } from "../../../src/bench/reference-case.ts";
import { encodeMs } from "../../../src/bench/step.ts";
import type { Backend } from "../../../src/engine/backend.ts";
import { wasmBackend } from "../../../src/engine/wasm/backend.ts";
import { webgpuBackend } from "../../../src/engine/webgpu/backend.ts";
import { requestDevice } from "../../../src/engine/webgpu/device.ts";
import { stage } from "./stage.js";

interface Options {
  backend: "webgpu" | "wasm";
  threads: number;
}

stage(async ({ backend: name, threads }: Options) => {
  const backend: Backend = name === "webgpu" ? webgpuBackend(await requestDevice(navigator.gpu)) : await wasmBackend({ threads });
  const reference = referenceCase();
  const run = await reference.open(backend);
  return {
    async step() {
      await run.step();
      const loss = await run.loss();
      await backend.idle();
      return loss;
    },
    info: async () => ({
      adapter: backend.adapter,
      dispatches: run.dispatches.micro + run.dispatches.update,
      javascriptMs: await encodeMs(backend, reference),
    }),
  };
});
