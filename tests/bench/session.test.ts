// The page's Benchmark button, from the session's side: rows as they come, stopped when asked, never two at once.

import { join } from "node:path";
import { expect, test } from "vitest";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import { diskFile, diskFolder } from "../../src/session/disk.ts";
import { StudioSession } from "../../src/session/studio.ts";

const models = join(import.meta.dirname, "../../public/models");

const session = (): StudioSession =>
  new StudioSession({
    context: { bundled: (name) => diskFolder(join(models, name), `bundled:${name}`), dataFile: diskFile },
    device: async () => ({ webgpu: false, adapter: "", software: false, limits: {}, features: [] }),
    backend: () => wasmBackend({ threads: 1 }),
    give: () => {},
  });

test("stop ends it with what was measured; another is refused meanwhile", { timeout: 120_000 }, async () => {
  const studio = session();
  const seen: [number, number][] = [];
  const first = studio.benchmark((rows, done, total) => {
    expect(rows.length).toBeGreaterThan(0);
    seen.push([done, total]);
    void studio.stop();
  });
  expect(await studio.benchmark(() => {})).toMatchObject({ problems: [{ where: "benchmark", level: "error" }] });
  const rows = await first;
  if (!Array.isArray(rows)) throw new Error(JSON.stringify(rows));
  expect(new Set(rows.map((r) => r.group))).toEqual(new Set(["wasm, reference step"]));
  expect(rows.map((r) => r.unit)).toContain("tokens/s");
  expect(seen).toEqual([[1, expect.any(Number)]]);
});

test("what goes wrong is a value with a remedy", async () => {
  const studio = new StudioSession({
    context: { bundled: async () => null, dataFile: async () => null },
    device: async () => ({ webgpu: false, adapter: "", software: false, limits: {}, features: [] }),
    backend: () => wasmBackend({ threads: 1 }),
    give: () => {},
  });
  const answer = await studio.benchmark(() => {});
  expect(answer).toMatchObject({ problems: [{ level: "error", hint: expect.any(String) }] });
});
