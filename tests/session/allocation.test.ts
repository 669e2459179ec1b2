// Allocation from the session's side: what it will cost, scores before training, an allocation made of them, a run stopped while it scores.

import { join } from "node:path";
import { expect, test } from "vitest";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import type { RunConfig, TrainEvent } from "../../src/protocol.ts";
import { diskFolder } from "../../src/session/disk.ts";
import { StudioSession } from "../../src/session/studio.ts";
import { parseConfig } from "../../src/train/config.ts";

const models = join(import.meta.dirname, "../../public/models");
const studio = new StudioSession({
  context: { bundled: (name) => diskFolder(join(models, name), `bundled:${name}`), dataFile: async () => null },
  device: async () => ({ webgpu: false, adapter: "", software: false, limits: {}, features: [] }),
  backend: () => wasmBackend({ threads: 1 }),
  give: () => {},
});
const config = (allocation: Partial<RunConfig["allocation"]> | null): RunConfig =>
  parseConfig({
    data: { limit: 12 },
    r: 2,
    lora_alpha: 4,
    target_modules: ["q_proj", "v_proj"],
    allocation,
    train: { steps: 2, batch_size: 4, eval_every: 0, eval_rows: 2, samples_every: 0 },
    backend: "wasm",
  });

test("costs, scores, allocations", { timeout: 240_000 }, async () => {
  const asked = config({ proxy: "grasp", budget: { modules: 3 } });
  const preflight = await studio.preflight(asked);
  expect(preflight.problems).toMatchObject([{ where: "allocation.batches", level: "warning", what: "there are 3 calibration batches, not 32" }]);
  expect(preflight.scoring).toMatchObject({ passes: 9, flops: 9 * preflight.flopsPerStep, seconds: null });
  expect(preflight.scoring!.bytes).toBeGreaterThan(0);
  expect((await studio.preflight(config(null))).scoring).toBeUndefined();
  expect((await studio.preflight(config({ budget: { parameters: 1 } }))).problems).toMatchObject([{ where: "allocation.budget", level: "error" }]);

  const told: string[] = [];
  const scores = await studio.score(asked, ["grad-norm", "fisher", "jacob-cov"], (proxy, done, total) => void told.push(`${proxy} ${done}/${total}`));
  if (!scores || "problems" in scores) throw new Error(JSON.stringify(scores));
  expect(told).toEqual(expect.arrayContaining(["grad-norm 3/3", "fisher 3/3", "jacob-cov 3/3"]));
  expect(scores.sites.filter((s) => s.r > 0)).toHaveLength(12);
  for (const values of Object.values(scores.scores)) expect(values.every((v, i) => v > 0 === scores.sites[i].r > 0)).toBe(true);
  expect(scores.notes.fisher).toMatch(/random B/);
  expect(Number.isFinite(scores.figures["jacob-cov"])).toBe(true);

  const allocated = await studio.allocate(asked, scores.scores["grad-norm"]);
  if ("problems" in allocated) throw new Error(JSON.stringify(allocated));
  const best = [...scores.scores["grad-norm"]].sort((a, b) => b - a).slice(0, 3);
  expect(allocated).toMatchObject({ budget: 3, spent: 3, unit: "modules", notes: [] });
  expect(allocated.ranks).toEqual(scores.scores["grad-norm"].map((s) => (best.includes(s) ? 2 : 0)));
  expect(await studio.allocate(asked, [1])).toMatchObject({ problems: [{ where: "scores" }] });
  expect(await studio.allocate(config(null), scores.scores.fisher)).toMatchObject({ problems: [{ where: "allocation" }] });
  expect(await studio.score(asked, ["taste"], () => {})).toMatchObject({ problems: [{ where: "proxies" }] });
});

test("stopped while it scores: null; a run ends at step 0 with its modules as they were", { timeout: 240_000 }, async () => {
  const asked = config({ proxy: "alpha-test", budget: { modules: 3 } });
  expect(await studio.score(asked, ["alpha-test"], (_, done) => void (done === 2 && studio.stop()))).toBeNull();
  const events: TrainEvent[] = [];
  await studio.train(asked, (some) => {
    events.push(...some);
    if (some.some((e) => e.type === "progress" && e.phase === "scoring")) void studio.stop();
  });
  expect(events.at(-1)).toMatchObject({ type: "state", state: "stopped", step: 0 });
  expect(events.some((e) => e.type === "allocation")).toBe(false);
});
