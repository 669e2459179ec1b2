// Allocation from the session's side: what it will cost, scores before training, an allocation made of them, a run stopped while it scores.

import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { wasmBackend } from "../../src/engine/wasm/backend.ts";
import { proxies } from "../../src/proxies/index.ts";
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

test("what each of several costs; one that fails leaves the others, a stop leaves what is complete", { timeout: 240_000 }, async () => {
  const asked = config({ budget: { modules: 3 } });
  const cost = await studio.scoringCost(asked, ["grad-norm", "grasp", "constant", "jacob-cov"]);
  if ("problems" in cost) throw new Error(JSON.stringify(cost));
  expect(Object.entries(cost.costs).map(([name, { passes }]) => [name, passes > 0])).toEqual([
    ["grad-norm", true],
    ["grasp", true],
    ["constant", false],
    ["jacob-cov", true],
  ]);
  expect(cost.costs.grasp.passes).toBe(3 * cost.costs["grad-norm"].passes);
  expect(await studio.scoringCost(asked, ["taste"])).toMatchObject({ problems: [{ where: "proxies" }] });

  const broken = vi.spyOn(proxies.snip, "score").mockImplementation(async ({ sites }) => sites.map((_, i) => (i === 4 ? NaN : 1)));
  const some = await studio.score(asked, ["snip", "magnitude"], () => {});
  expect(some).toMatchObject({ failed: { snip: expect.stringMatching(/^snip of model\.layers\.2\..*is NaN/) } });
  expect(Object.keys((some as { scores: object }).scores)).toEqual(["magnitude"]);
  expect(await studio.score(asked, ["snip"], () => {})).toMatchObject({ problems: [{ what: expect.stringMatching(/is NaN/) }] });
  broken.mockRestore();

  const cut = await studio.score(asked, ["magnitude", "alpha-test"], (proxy, done) => void (proxy === "alpha-test" && done === 1 && studio.stop()));
  expect(Object.keys((cut as { scores: object }).scores)).toEqual(["magnitude"]);
});

test("ranks set by hand cost no scoring, before the start and in a run", { timeout: 240_000 }, async () => {
  const asked = config({ allocator: "manual", budget: { share: 1 }, ranks: { "layers.3.self_attn.q_proj": 0, "layers.1.self_attn.v_proj": 1 } });
  const { problems, scoring } = await studio.preflight(asked);
  expect(problems.filter(({ level }) => level === "error")).toEqual([]);
  expect(scoring).toBeUndefined();
  const { sites } = await studio.preflight(config(null));
  const allocated = await studio.allocate(asked, sites.map(() => 0)); // prettier-ignore
  expect(allocated).toMatchObject({ notes: [] });
  const ranks = sites.map(({ name, r }) => (name.includes("3.self_attn.q_proj") ? 0 : name.includes("1.self_attn.v_proj") ? 1 : r));
  expect((allocated as { ranks: number[] }).ranks).toEqual(ranks);
  const events: TrainEvent[] = [];
  await studio.train({ ...asked, train: { ...asked.train, steps: 1 } }, (some) => void events.push(...some));
  expect(events.find((e) => e.type === "ranks")!.sites.map(({ r }) => r)).toEqual(ranks);
  expect(events.some((e) => e.type === "progress" && e.phase === "scoring" && e.done > 0)).toBe(false);
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
