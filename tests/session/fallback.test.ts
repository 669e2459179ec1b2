// Where WebGPU does not start and the choice was ours, the run computes on wasm and says so; where it was the visitor's, it fails with the reason.

import { expect, test } from "vitest";
import { referenceBackend } from "../../src/engine/reference/backend.ts";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import type { RunConfig, TrainEvent } from "../../src/protocol.ts";
import { diskFile, diskFolder } from "../../src/session/disk.ts";
import { StudioSession } from "../../src/session/studio.ts";
import { firstRun } from "../../src/train/config.ts";

const config: RunConfig = { ...firstRun, data: { ...firstRun.data, limit: 8 }, train: { ...firstRun.train, steps: 1, batch_size: 1, eval_rows: 1 } };

/** A session whose WebGPU is there but cannot compile. */
const studio = new StudioSession({
  context: { bundled: (name: string) => diskFolder(`public/models/${name}`), disk: diskFolder, dataFile: diskFile },
  give: () => {},
  device: async () => ({ webgpu: true, adapter: "broken", software: false, limits: {}, features: [] }),
  backend: async ({ backend }) => {
    if (backend === "wasm") return wasmBackend({ threads: 1 });
    const compile = (): never => {
      throw new Error('kernel "matmul" does not compile');
    };
    return { ...referenceBackend(), name: "webgpu", compile };
  },
});

async function run(backend: RunConfig["backend"]): Promise<TrainEvent[]> {
  const log: TrainEvent[] = [];
  await studio.train({ ...config, backend }, (events) => log.push(...events));
  return log;
}

test("auto: on wasm, with a note", { timeout: 60_000 }, async () => {
  const log = await run("auto");
  expect(log.find((e) => e.type === "note")).toMatchObject({ text: expect.stringContaining('kernel "matmul" does not compile') });
  expect(log.findLast((e) => e.type === "plan")).toMatchObject({ backend: "wasm" });
  expect(log.at(-1)).toMatchObject({ type: "state", state: "finished", step: 1 });
});

test("chosen: fails and says why", async () => {
  const log = await run("webgpu");
  expect(log.at(-1)).toMatchObject({ type: "state", state: "failed", detail: expect.stringContaining('kernel "matmul" does not compile') });
  expect(log.some((e) => e.type === "plan")).toBe(false);
});
