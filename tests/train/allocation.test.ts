// Allocations: what a configuration may ask for, scoring that leaves no trace, runs whose modules go off and come back, runs with new ranks.

import { describe, expect, test } from "vitest";
import type { Backend, Exact } from "../../src/engine/backend.ts";
import { proxies } from "../../src/proxies/index.ts";
import { Cancelled } from "../../src/proxies/proxy.ts";
import type { AllocationConfig, RunConfig, TrainEvent } from "../../src/protocol.ts";
import { allocateOnce, decide, offOf, resolveAllocation } from "../../src/train/allocation.ts";
import { firstAllocation, parseConfig } from "../../src/train/config.ts";
import { Control } from "../../src/train/control.ts";
import { fisherGraph, gradientGraph } from "../../src/train/probe-graphs.ts";
import { Run, partName } from "../../src/train/run.ts";
import { calibrationBatches, probing, scoreSites } from "../../src/train/score.ts";
import { siteInfos, targetOf, withRanks } from "../../src/train/subject.ts";
import { train } from "../../src/train/trainer.ts";
import { layOut } from "../../src/engine/memory.ts";
import { optimise } from "../../src/engine/passes/index.ts";
import { microGraph } from "../../src/train/graphs.ts";
import { backends } from "../harness/backends.ts";
import { checkpointOf, dataOf, examples, fillAdapter, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const tiny = await tinyModel();
const V = tiny.base.config.vocabSize;
const rows = examples(12, V);
const configOf = (allocation: Partial<AllocationConfig>, change: Parameters<typeof runConfig>[0] = {}): RunConfig =>
  runConfig({ ...change, allocation: { ...firstAllocation, batches: 2, ...allocation } });
const targeted = (config: RunConfig) => targetOf(tiny.base, config);
const bits = (data: Exact): Int32Array => new Int32Array(data.buffer, data.byteOffset, data.byteLength / 4);

describe("configuration", () => {
  const parse = (allocation: unknown): AllocationConfig | null => parseConfig({ allocation }).allocation;
  test("null, or fields with defaults", () => {
    expect(parse(null)).toBeNull();
    expect(parseConfig({}).allocation).toBeNull();
    expect(parse({ budget: { modules: 3 } })).toEqual({ ...firstAllocation, budget: { modules: 3 } });
  });
  test.each([
    [{ proxi: "snip" }, /allocation\.proxi: is not a field/],
    [{ proxy: "jacob-cov" }, /allocation\.proxy: must be one of grad-norm/],
    [{ budget: { modules: 0 } }, /allocation\.budget: must be \{ modules/],
    [{ budget: { share: 1.5 } }, /allocation\.budget/],
    [{ budget: { modules: 1, share: 0.5 } }, /allocation\.budget/],
    [{ budget: {} }, /allocation\.budget/],
    [{ shortcuts: "on" }, /allocation\.shortcuts: must be one of off, separated, combined/],
    [{ shortcut_form: "post" }, /allocation\.shortcut_form: must be one of plain, norm/],
    [{ when: "dynamic", allocator: "greedy" }, /allocation\.allocator: "greedy" gives ranks/],
    [{ realloc_N: 0 }, /allocation\.realloc_N/],
    ["top-k", /allocation: must be an object/],
  ])("%j is an error that names the field", (given, message) => expect(() => parse(given)).toThrow(message));

  const resolve = (allocation: Partial<AllocationConfig>, change = {}): ReturnType<typeof resolveAllocation> => {
    const config = configOf(allocation, change);
    return resolveAllocation(targeted(config), config);
  };
  test.each([
    [{ locked: ["nobody"] }, {}, /allocation\.locked: "nobody" is no adapted module.*q_proj/],
    [{ excluded: ["down_projj"] }, {}, /allocation\.excluded/],
    [{ locked: ["q_proj"], excluded: ["layers.0.self_attn.q_proj"] }, {}, /is locked and excluded/],
    [{ budget: { parameters: 100 } }, {}, /allocation\.budget: .* pays for no module: the smallest costs 192 parameters.*192/],
    [{ budget: { share: 0.05 } }, {}, /pays for no module/],
    [{ locked: ["q_proj", "v_proj"], budget: { modules: 2 } }, {}, /locked modules alone cost 4/],
    [{}, { method: "full", target_modules: ["all"] }, /allocation: method "full" has no ranks/],
  ] as [Partial<AllocationConfig>, object, RegExp][])("%j %j is refused", (allocation, change, message) =>
    expect(() => resolve(allocation, change)).toThrow(message),
  );
  test("a budget above all modules is told, and all are on", () => {
    const a = resolve({ budget: { modules: 99 } })!;
    expect(a.notes[0].text).toMatch(/pays for all 14 modules/);
    expect(decide(a, a.names.map((_, i) => i), 0).ranks.every((r) => r === 4)).toBe(true); // prettier-ignore
  });
  test("a share of the modules is rounded down, as by the authors", () =>
    expect(resolve({ budget: { share: 0.25 } })!.rankings.map((r) => r.budget)).toEqual([{ modules: 3 }]));
});

test("calibration rows are the first ones, unshuffled, and as many as there are", () => {
  const config = configOf({});
  const batches = calibrationBatches(dataOf(rows), config, 100);
  expect(batches).toHaveLength(6);
  expect(Array.from(batches[0].inputIds.subarray(0, rows[0].ids.length))).toEqual(rows[0].ids);
});

test("fisher and gradients take no more memory than training", () => {
  const { subject } = targeted(configOf({}));
  const bytes = (graph: Parameters<typeof layOut>[0]): number => {
    optimise(graph);
    return layOut(graph).slots.reduce((a, b) => a + b, 0);
  };
  const training = bytes(microGraph(subject, 8, 16));
  expect(bytes(gradientGraph(subject, 8, 16, "loss", false).graph)).toBeLessThanOrEqual(training);
  expect(bytes(fisherGraph(subject, 8, 16).graph)).toBeLessThanOrEqual(training);
});

describe.each(["reference", "webgpu", "wasm"] as const)("%s", (name) => {
  const it = test.skipIf(name === "webgpu" && webgpuMissing);
  const backendNow = async (): Promise<Backend> => (await backends[name]())!;
  const optionsOf = (config: RunConfig, B: AllocationConfig["B"] = "auto") => ({ B, seed: 3, train: config.train });

  it("scoring leaves no trace, whatever the proxy and B, and also when stopped", { timeout: 120_000 }, async () => {
    const config = configOf({});
    const run = await runOf(await backendNow(), tiny, config);
    await fillAdapter(run);
    run.parameters.write(
      partName("model.layers.1.mlp.up_proj", "B"),
      new Float32Array(run.parameters.segment(partName("model.layers.1.mlp.up_proj", "B")).elements),
    );
    const off = new Set(["model.layers.0.self_attn.q_proj"]);
    run.allocate(off);
    const before = await run.parameters.snapshot();
    const batches = calibrationBatches(dataOf(rows), config, 2);
    for (const proxy of Object.values(proxies)) {
      if (proxy.name === "alpha-test" && name !== "reference") continue; // long
      for (const B of ["as-is", "random", "warm-up"] as const) {
        if (B !== "random" && !["snip", "grasp"].includes(proxy.name)) continue;
        const scored = await scoreSites(run, proxy, batches, optionsOf(config, B));
        expect(scored!.scores).toHaveLength(14);
        expect(scored!.note).toMatch(B === "as-is" ? /is left so|^$/ : B === "random" ? /random B/ : /warm-up/);
      }
    }
    let passes = 0;
    expect(await scoreSites(run, proxies.grasp, batches, { ...optionsOf(config), cancelled: () => ++passes > 4 })).toBeNull();
    await expect(
      probing(run, batches, optionsOf(config), "holds", async (probe) => {
        await probe.gradients();
        throw new RangeError("no");
      }),
    ).rejects.toThrow("no");
    expect(await probing(run, batches, optionsOf(config), "holds", () => Promise.reject(new Cancelled()))).toBeNull();
    const after = await run.parameters.snapshot();
    for (const key of ["parameters", "m", "v"] as const) expect(bits(after[key])).toEqual(bits(before[key]));
    expect(after.segments).toEqual(before.segments);
    expect((await run.parameters.readFlat("gradients")).every((g) => g === 0)).toBe(true);
    expect(run.off).toBe(off);
    run.destroy();
  });

  it("a dynamic run: all goes on where it was off, nothing of it moves while it is off, the last allocation stays", { timeout: 120_000 }, async () => {
    const config = configOf(
      { when: "dynamic", proxy: "constant", realloc_N: 0.5, budget: { modules: 5 } },
      { train: { steps: 9, batch_size: 2, learning_rate: 0.05 } },
    );
    const run = await runOf(await backendNow(), tiny, config);
    const events: TrainEvent[] = [];
    const states: Promise<Awaited<ReturnType<typeof run.parameters.snapshot>>>[] = [];
    const { allocate } = run;
    run.allocate = (off) => {
      allocate.call(run, off);
      if (off.size) states.push(run.parameters.snapshot());
    };
    const kept = await train(run, dataOf(rows), config, new Control(config.train.learning_rate), (e) => events.push(e));
    const allocations = events.filter((e) => e.type === "allocation");
    expect(allocations.map((e) => e.step)).toEqual([0, 3, 6]);
    const masks = allocations.map((e) => e.ranks.map((r) => (r > 0 ? 1 : 0)).join(""));
    expect(new Set(masks).size).toBe(3);
    for (const e of allocations) expect(e).toMatchObject({ proxy: "constant", spent: 5, budget: 5, unit: "modules" });
    expect(run.off.size).toBe(9);
    expect(siteInfos(run.target, run.off).filter((s) => s.r > 0)).toHaveLength(5);
    expect(events.findLast((e) => e.type === "ranks")!.sites.filter((s) => s.r > 0)).toHaveLength(5);
    // Sites of the last three steps that were off are as the last allocation found them; steps count only while on.
    const last = (await states.at(-1))!;
    run.parameters.segments.forEach((s, i) => {
      const site = s.name.slice(0, s.name.lastIndexOf("."));
      const on = allocations.filter((e) => e.ranks[run.target.sites.findIndex((t) => t.name === site)] > 0).length;
      expect(kept.state.segments[8 * i + 3], s.name).toBe(3 * on);
      if (!run.off.has(site)) return;
      for (const key of ["parameters", "m", "v"] as const)
        expect(bits(kept.state[key].slice(s.offset, s.offset + s.elements)), s.name).toEqual(bits(last[key].slice(s.offset, s.offset + s.elements)));
    });
    run.destroy();
  });

  it("a static allocation trains the same as a configuration with these ranks", { timeout: 120_000 }, async () => {
    const backend = await backendNow();
    const config = configOf({ allocator: "proportional", budget: { share: 0.5 }, min_rank: 0, max_rank: 8 }, { train: { steps: 3 } });
    const first = await runOf(backend, tiny, config);
    await first.plans.micro(2, 16);
    const events: TrainEvent[] = [];
    const o = { data: dataOf(rows), config, emit: (e: TrainEvent) => void events.push(e), cancelled: () => false };
    const run = await allocateOnce(
      first,
      (target) => {
        first.destroyAllButWeights();
        return Run.create({ backend, target, checkpoint: { ...tiny.checkpoint, read: async (w) => Promise.reject(new Error(`${w} is uploaded again`)) }, maxTokens: 32, weightDecay: 0, seed: 0, weightsOf: first }); // prettier-ignore
      },
      o,
    );
    const told = events.find((e) => e.type === "allocation")!;
    expect(told.spent).toBeLessThanOrEqual(told.budget);
    expect(new Set(told.ranks).size).toBeGreaterThan(2);
    const kept = await train(run, o.data, config, new Control(config.train.learning_rate), () => {});
    const patterned = runConfig({
      train: { steps: 3 },
      target_modules: run.target.sites.filter((s) => run.target.ranks.has(s.name)).map((s) => s.name),
      rank_pattern: Object.fromEntries([...run.target.ranks].map(([site, { r }]) => [site, r])),
      alpha_pattern: Object.fromEntries([...run.target.ranks].map(([site, { alpha }]) => [site, alpha])),
    });
    const plain = await runOf(backend, tiny, patterned);
    const expected = await train(plain, o.data, patterned, new Control(config.train.learning_rate), () => {});
    expect(kept.state).toEqual(expected.state);
    run.destroy();
    plain.destroy();
    const { pipelines } = backend;
    const other = { ...patterned, rank_pattern: {}, alpha_pattern: {}, r: 7 };
    const third = await runOf(backend, tiny, other);
    await train(third, o.data, other, new Control(config.train.learning_rate), () => {});
    expect(backend.pipelines).toBe(pipelines);
    third.destroy();
  });

  it("a static allocation of few modules, others excluded by name, trains", { timeout: 120_000 }, async () => {
    const backend = await backendNow();
    const config = configOf({ proxy: "constant", budget: { modules: 2 }, excluded: ["q_proj"] }, { train: { steps: 1 } });
    const first = await runOf(backend, tiny, config);
    const o = { data: dataOf(rows), config, emit: () => {}, cancelled: () => false };
    const rebuild = (target: typeof first.target): Promise<Run> => {
      first.destroyAllButWeights();
      return Run.create({ backend, target, checkpoint: tiny.checkpoint, maxTokens: 32, weightDecay: 0, seed: 0, weightsOf: first });
    };
    const run = await allocateOnce(first, rebuild, o);
    expect(run.target.ranks.size).toBe(2);
    expect((await train(run, o.data, config, new Control(0.01), () => {})).step).toBe(1);
    run.destroy();
  });

  it("a run that breaks goes back to the sites that were on at its last finite state", { timeout: 120_000 }, async () => {
    const config = configOf({ when: "dynamic", proxy: "constant", realloc_N: 0.5 }, { train: { steps: 30, eval_every: 2, max_grad_norm: 0 } });
    const run = await runOf(await backendNow(), tiny, config);
    const control = new Control(config.train.learning_rate);
    let off: ReadonlySet<string> = new Set();
    const events: TrainEvent[] = [];
    await train(run, dataOf(rows, rows.slice(0, 2)), config, control, (e) => {
      events.push(e);
      if (e.type !== "evaluation" || e.step !== 2) return;
      off = run.off;
      control.learningRate = Infinity;
    });
    expect(events.at(-1)).toMatchObject({ type: "state", state: "failed" });
    expect([...run.off].sort()).toEqual([...off].sort());
    run.destroy();
  });

  it("scores that all tie are told and left to the seed; scores that are no numbers end the run", { timeout: 120_000 }, async () => {
    const config = configOf({ when: "dynamic", proxy: "snip", B: "as-is", realloc_N: 1 }, { train: { steps: 1 } });
    const chosen: string[] = [];
    for (const seed of [0, 0, 1]) {
      const seeded = { ...config, train: { ...config.train, seed } };
      const run = await runOf(await backendNow(), tiny, seeded);
      const events: TrainEvent[] = [];
      await train(run, dataOf(rows), seeded, new Control(0.01), (e) => events.push(e));
      expect(events.some((e) => e.type === "note" && /all 14 scores are 0, so the modules are chosen at random \(seed/.test(e.text))).toBe(true);
      expect(events.some((e) => e.type === "note" && /B is 0 at 14 of 14 modules and is left so: there this score vanishes/.test(e.text))).toBe(true);
      chosen.push([...run.off].join());
      run.destroy();
    }
    expect(chosen[0]).toBe(chosen[1]);
    expect(chosen[0]).not.toBe(chosen[2]);

    const tensors = { ...tiny.tensors };
    const poisoned = tensors["model.norm.weight"].data.slice().fill(NaN);
    const checkpoint = await checkpointOf({ ...tensors, "model.norm.weight": { ...tensors["model.norm.weight"], data: poisoned } });
    const run = await runOf(await backendNow(), { ...tiny, checkpoint }, { ...config, allocation: { ...config.allocation!, proxy: "grad-norm" } });
    const events: TrainEvent[] = [];
    await train(run, dataOf(rows), { ...config, allocation: { ...config.allocation!, proxy: "grad-norm" } }, new Control(0.01), (e) => events.push(e));
    expect(events.at(-1)).toMatchObject({
      state: "failed",
      detail: expect.stringMatching(/grad-norm of model\.layers\.0\.self_attn\.q_proj is NaN/) as string,
    });
    expect(events.some((e) => e.type === "allocation")).toBe(false);
    run.destroy();
  });

  it("synflow of a network whose cotangents leave f32's range is that of the network in it", { timeout: 120_000 }, async () => {
    const config = configOf({});
    const faint = { ...tiny.tensors["model.norm.weight"], data: tiny.tensors["model.norm.weight"].data.map((w) => w * 2 ** -100) };
    const checkpoint = await checkpointOf({ ...tiny.tensors, "model.norm.weight": faint });
    const of = async (model: typeof tiny): Promise<number[]> => {
      const run = await runOf(await backendNow(), model, config);
      await fillAdapter(run);
      const { scores } = (await scoreSites(run, proxies.synflow, calibrationBatches(dataOf(rows), config, 1), optionsOf(config)))!;
      run.destroy();
      return scores;
    };
    const [plain, dim] = [await of(tiny), await of({ ...tiny, checkpoint })];
    const most = Math.max(...plain);
    plain.forEach((s, i) => expect(Math.abs(dim[i] * 2 ** 100 - s) / most).toBeLessThan(1e-4));
  });
});

test("ranks change, scales stay: withRanks", () => {
  const config = configOf({});
  const target = targeted(config);
  const some = withRanks(target, new Map([["model.layers.0.self_attn.q_proj", 0], ["model.layers.0.self_attn.k_proj", 7]])); // prettier-ignore
  expect(some.ranks.has("model.layers.0.self_attn.q_proj")).toBe(false);
  expect(some.ranks.get("model.layers.0.self_attn.k_proj")).toEqual({ r: 7, alpha: 14 });
  expect(some.ranks.get("model.layers.0.self_attn.v_proj")).toEqual(target.ranks.get("model.layers.0.self_attn.v_proj"));
  const a = resolveAllocation(target, config)!;
  expect(offOf(a, { ranks: a.names.map((_, i) => i % 2), spent: 0, tied: [] }).size).toBe(7);
});
