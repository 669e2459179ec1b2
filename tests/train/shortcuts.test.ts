// Shortcuts in a run: which sites there are and what they cost, who competes with whom for what, scores, trainings in which they go off and come back.

import { describe, expect, test } from "vitest";
import { lora } from "../../src/adapters/lora.ts";
import type { Backend } from "../../src/engine/backend.ts";
import { proxies } from "../../src/proxies/index.ts";
import type { AllocationConfig, RunConfig, TrainEvent } from "../../src/protocol.ts";
import { allocateOnce, decide, resolveAllocation } from "../../src/train/allocation.ts";
import { firstAllocation } from "../../src/train/config.ts";
import { Control } from "../../src/train/control.ts";
import { estimate } from "../../src/train/estimate.ts";
import { mergeGraph } from "../../src/train/graphs.ts";
import { rankingsOf } from "../../src/train/rankings.ts";
import { Run, partName } from "../../src/train/run.ts";
import { calibrationBatches, scoreSites } from "../../src/train/score.ts";
import { parameterCounts, siteInfos, targetOf } from "../../src/train/subject.ts";
import { train } from "../../src/train/trainer.ts";
import { backends } from "../harness/backends.ts";
import { checkpointOf, dataOf, examples, fillAdapter, runConfig, runOf, tinyModel } from "../harness/tiny-model.ts";
import { webgpuMissing } from "../harness/webgpu.ts";

const tiny = await tinyModel({ num_hidden_layers: 3 });
const single = await tinyModel({ num_hidden_layers: 1 });
const rows = examples(12, tiny.base.config.vocabSize);
const configOf = (allocation: Partial<AllocationConfig>, change: Parameters<typeof runConfig>[0] = {}): RunConfig =>
  runConfig({
    target_modules: ["q_proj", "v_proj"],
    ...change,
    allocation: { ...firstAllocation, batches: 2, shortcuts: "combined", shortcut_r: 3, ...allocation },
  });
const bits = (data: ArrayLike<number>): Int32Array => new Int32Array(Float32Array.from(data).buffer);

describe("what there is", () => {
  test("residuals and shortcuts stand behind the layers' modules, the one across layers from the second on; without them nothing is there", () => {
    const config = configOf({});
    const infos = siteInfos(targetOf(tiny.base, config));
    const cuts = infos.slice(21);
    expect(cuts.map((s) => [s.layer, s.module])).toEqual([0, 1, 2].flatMap((l) => ["residual_1", ...(l ? ["shortcut_ffn"] : []), "residual_2", "shortcut_sa"].map((m) => [l, m]))); // prettier-ignore
    expect(cuts[0]).toEqual({
      name: "model.layers.0.residual_1",
      kind: "residual",
      layer: 0,
      module: "residual_1",
      in: 32,
      out: 32,
      r: 3,
      alpha: 4,
      parameters: 3 * 64,
    });
    expect(infos.slice(0, 21).filter((s) => s.r > 0)).toHaveLength(6);
    const plain = siteInfos(targetOf(tiny.base, { ...config, allocation: { ...config.allocation!, shortcuts: "off" } }));
    expect(infos.slice(0, 21)).toEqual(plain);
  });
  test("they are counted, and their memory and launches foreseen", () => {
    const [off, on] = (["off", "combined"] as const).map((shortcuts) => configOf({ shortcuts }));
    const [without, within] = [targetOf(tiny.base, off), targetOf(tiny.base, on)];
    expect(parameterCounts(within).trainable - parameterCounts(without).trainable).toBe(11 * 3 * 64);
    const cut = new Set(["model.layers.1.shortcut_ffn"]);
    expect(parameterCounts(within).trainable - parameterCounts(within, cut).trainable).toBe(3 * 64);
    const [a, b] = [estimate(without, off), estimate(within, on)];
    expect(b.memory.trainables - a.memory.trainables).toBe(11 * 4 * 64 * 4); // r 3 in rows of 4
    expect(b.dispatches).toBeGreaterThan(a.dispatches);
    expect(b.flopsPerStep).toBeGreaterThan(a.flopsPerStep);
  });
  test("they belong to no weight, so they are not merged", () => {
    const { sites } = targetOf(tiny.base, configOf({}));
    const residual = sites.find((s) => s.kind === "residual")!;
    expect(() => mergeGraph(lora, residual, 4, 32)).toThrow(/residual_1: is a map of its own, 32 × 32, .* cannot be merged.*shortcuts\.safetensors/);
  });
  test("a rank that does not fit is an error of its field; methods without ranks have none", () => {
    expect(() => targetOf(tiny.base, configOf({ shortcut_r: 33 }))).toThrow(/allocation\.shortcut_r: is 33: model\.layers\.0\.residual_1 is 32 × 32/);
    const full = configOf({}, { method: "full", target_modules: ["all"] });
    expect(() => resolveAllocation(targetOf(tiny.base, full), full)).toThrow(/method "full" has no ranks/);
  });
});

describe("who competes for what", () => {
  const site = { in: 8, out: 8, r: 4 };
  const sites = [...Array.from({ length: 48 }, () => site), ...Array.from({ length: 95 }, () => ({ ...site, r: 8 }))];
  const cuts = sites.map((_, i) => i >= 48);
  const budgets = (allocation: Partial<AllocationConfig>, onOff = true) => rankingsOf({ ...firstAllocation, ...allocation }, sites, cuts, onOff).map((r) => [r.what, r.places.length, r.budget]); // prettier-ignore

  test("the paper's: 12 of 48 modules and 24 of 95 shortcuts at 25 %", () => {
    expect(budgets({ shortcuts: "combined" })).toEqual([["modules", 143, { modules: 36 }]]);
    expect(budgets({ shortcuts: "separated" })).toEqual([["modules", 48, { modules: 12 }], ["shortcuts", 95, { modules: 24 }]]); // prettier-ignore
  });
  test("halves are rounded to even", () => {
    const part = (n: number) => rankingsOf({ ...firstAllocation, budget: { share: 0.5 }, shortcuts: "separated" }, sites.slice(0, 48 + n), cuts.slice(0, 48 + n), true)[1].budget; // prettier-ignore
    expect([1, 3, 5, 7].map(part)).toEqual([0, 2, 2, 4].map((modules) => ({ modules })));
  });
  test("numbers are divided as all would cost, and nothing of them is lost", () => {
    expect(budgets({ shortcuts: "separated", budget: { modules: 36 } })).toEqual([["modules", 48, { modules: 12 }], ["shortcuts", 95, { modules: 24 }]]); // prettier-ignore
    const parts = budgets({ shortcuts: "separated", budget: { parameters: 9999 } }, false).map((b) => (b[2] as { parameters: number }).parameters);
    expect(parts[0] + parts[1]).toBe(9999);
    expect(parts[1] / 9999).toBeCloseTo((95 * 8) / (95 * 8 + 48 * 4), 3);
    expect(budgets({ shortcuts: "separated", budget: { share: 0.5 } }, false).map((b) => b[2])).toEqual([{ parameters: 1536 }, { parameters: 6080 }]);
  });
  test("apart, the best of either kind; together, the best of all", () => {
    const chosen = (shortcuts: AllocationConfig["shortcuts"], worth: (name: string) => number): string[] => {
      const config = configOf({ shortcuts, budget: { share: 0.34 } });
      const a = resolveAllocation(targetOf(tiny.base, config), config)!;
      const { ranks, spent } = decide(a, a.names.map(worth), 0); // prettier-ignore
      const on = a.names.filter((_, i) => ranks[i] > 0);
      expect(spent).toBe(on.length);
      return on;
    };
    const cutsFirst = (name: string): number => (name.endsWith("_proj") ? 1 : 2) + Number(/layers\.(\d)/.exec(name)![1]) / 10;
    expect(chosen("combined", cutsFirst).filter((n) => n.endsWith("_proj"))).toEqual([]);
    expect(chosen("combined", cutsFirst)).toHaveLength(6); // floor(0.34 · 6) + round(0.34 · 11)
    expect(chosen("separated", cutsFirst).filter((n) => n.endsWith("_proj"))).toEqual(["model.layers.2.self_attn.q_proj", "model.layers.2.self_attn.v_proj"]);
    expect(chosen("separated", cutsFirst)).toHaveLength(6);
    expect(chosen("combined", () => 1)).not.toEqual(chosen("separated", () => 1));
  });
  test("the authors' form says that it changes the base", () => {
    const notes = (shortcut_form: "plain" | "norm") => {
      const config = configOf({ shortcut_form });
      return resolveAllocation(targetOf(tiny.base, config), config)!.notes.map((n) => n.where);
    };
    expect(notes("plain")).toEqual([]);
    expect(notes("norm")).toEqual(["allocation.shortcut_form"]);
  });
  test("a part that pays for no shortcut is told, one for no module is refused; locked shortcuts count in their own part", () => {
    const resolve = (allocation: Partial<AllocationConfig>) => {
      const config = configOf({ shortcuts: "separated", ...allocation });
      return resolveAllocation(targetOf(tiny.base, config), config)!;
    };
    const shallow = configOf({ shortcuts: "separated", budget: { share: 0.15 } }, { target_modules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"] }); // prettier-ignore
    expect(resolveAllocation(targetOf(single.base, shallow), shallow)!.notes.map((n) => n.text)).toEqual([
      "The budget's part for shortcuts, 0 modules, pays for none.",
    ]);
    expect(() => resolve({ budget: { parameters: 256 } })).toThrow(/allocation\.budget: .*, of which 100 parameters are not for shortcuts, pays for no module: the smallest costs 192/); // prettier-ignore
    expect(() => resolve({ locked: ["residual_1", "residual_2"] })).toThrow(/is 3 modules, the locked shortcuts alone cost 6/);
    expect(resolve({ excluded: ["shortcut_sa"], budget: { share: 1 } }).notes.map((n) => n.text)).toEqual([
      "The budget of 6 modules pays for all 6 modules (6): scores do not matter.",
      "The budget of 11 modules pays for all 8 shortcuts (8): scores do not matter.",
    ]);
  });
});

describe.each(["reference", "webgpu", "wasm"] as const)("%s", (name) => {
  const it = test.skipIf(name === "webgpu" && webgpuMissing);
  const backendNow = async (): Promise<Backend> => (await backends[name]())!;

  it("every proxy scores them, on a deep model too", { timeout: 120_000 }, async () => {
    const deep = name === "reference" ? tiny : await tinyModel({ num_hidden_layers: 8 });
    const config = configOf({});
    const run = await runOf(await backendNow(), deep, config);
    await fillAdapter(run);
    const batches = calibrationBatches(dataOf(rows), config, 1);
    const place = run.target.sites.filter((s) => run.target.ranks.has(s.name));
    for (const proxy of Object.values(proxies)) {
      if (proxy.name === "alpha-test" && name !== "wasm") continue; // long
      const { scores } = (await scoreSites(run, proxy, batches, { B: "as-is", seed: 0, train: config.train }))!;
      const cut = scores.filter((_, i) => place[i].kind !== "linear");
      expect(cut.length, proxy.name).toBe(4 * deep.base.config.layers - 1);
      if (proxy.name === "magnitude") expect(scores.map((s, i) => (place[i].kind === "linear" ? -1 : s)).filter((s) => s >= 0)).toEqual(place.filter((s) => s.kind !== "linear").map((s) => (s.kind === "residual" ? Math.sqrt(32) : 0))); // prettier-ignore
      else if (proxy.name !== "alpha-test" && proxy.name !== "synflow-ce") expect(cut.filter((s) => s === 0), proxy.name).toEqual([]); // prettier-ignore
    }
    run.destroy();
  });

  it("synflow across layers is the same in and out of f32's range", { timeout: 120_000 }, async () => {
    const config = configOf({});
    const faint = { ...tiny.tensors["model.norm.weight"], data: tiny.tensors["model.norm.weight"].data.map((w) => w * 2 ** -100) };
    const checkpoint = await checkpointOf({ ...tiny.tensors, "model.norm.weight": faint });
    const of = async (model: typeof tiny): Promise<number[]> => {
      const run = await runOf(await backendNow(), model, config);
      await fillAdapter(run);
      const o = { B: "as-is" as const, seed: 0, train: config.train };
      const { scores } = (await scoreSites(run, proxies.synflow, calibrationBatches(dataOf(rows), config, 1), o))!;
      run.destroy();
      return scores;
    };
    const [plain, dim] = [await of(tiny), await of({ ...tiny, checkpoint })];
    const most = Math.max(...plain);
    plain.forEach((s, i) => expect(Math.abs(dim[i] * 2 ** 100 - s) / most).toBeLessThan(1e-4));
  });

  it("a dynamic run: they go off and come back, nothing of one that is off moves, their norms are told", { timeout: 120_000 }, async () => {
    const config = configOf(
      { when: "dynamic", proxy: "constant", realloc_N: 0.5, shortcuts: "separated", budget: { share: 0.5 } },
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
    expect(allocations.map((e) => [e.step, e.spent, e.budget])).toEqual([[0, 9, 9], [3, 9, 9], [6, 9, 9]]); // prettier-ignore
    const cut = run.target.sites.map((s) => s.kind !== "linear");
    for (const { ranks } of allocations) expect(ranks.filter((r, i) => r > 0 && cut[i])).toHaveLength(6);
    const times = (site: string): number => allocations.filter((e) => e.ranks[run.target.sites.findIndex((t) => t.name === site)] > 0).length;
    expect(run.target.sites.some((s) => s.kind !== "linear" && times(s.name) === 1)).toBe(true);
    const last = (await states.at(-1))!;
    run.parameters.segments.forEach((s, i) => {
      const site = s.name.slice(0, s.name.lastIndexOf("."));
      expect(kept.state.segments[8 * i + 3], s.name).toBe(3 * times(site));
      if (!run.off.has(site)) return;
      for (const key of ["parameters", "m", "v"] as const) {
        const part = (data: ArrayLike<number>): Int32Array => bits(Array.prototype.slice.call(data, s.offset, s.offset + s.elements) as number[]);
        expect(part(kept.state[key]), s.name).toEqual(part(last[key]));
      }
    });
    const norms = events.findLast((e) => e.type === "sites")!;
    run.target.sites.forEach((s, i) => {
      if (s.kind === "linear") return;
      expect(norms.deltaNorm[i] > 0, s.name).toBe(times(s.name) > 0 && !run.off.has(s.name));
    });
    const far = run.target.sites.findIndex((s) => s.kind !== "linear" && !run.off.has(s.name));
    const { A, B } = await run.lowRank(run.target.sites[far].name);
    let sum = 0;
    for (let o = 0; o < 32; o++) for (let k = 0; k < 32; k++) sum += [0, 1, 2].reduce((x, r) => x + B[o * 3 + r] * A[r * 32 + k], 0) ** 2;
    expect(norms.deltaNorm[far] / ((4 / 3) * Math.sqrt(sum))).toBeCloseTo(1, 4);
    run.destroy();
  });

  it("all on without a choice to make: a whole budget, chance for the score, at no pass", { timeout: 120_000 }, async () => {
    const backend = await backendNow();
    const config = configOf({ proxy: "constant", budget: { share: 1 } }, { train: { steps: 2 } });
    const first = await runOf(backend, tiny, config);
    const events: TrainEvent[] = [];
    const o = { data: dataOf(rows), config, emit: (e: TrainEvent) => void events.push(e), cancelled: () => false };
    const run = await allocateOnce(
      first,
      (target) => {
        first.destroyAllButWeights();
        return Run.create({ backend, target, checkpoint: tiny.checkpoint, maxTokens: 32, weightDecay: 0, seed: 0, weightsOf: first });
      },
      o,
    );
    expect(events.filter((e) => e.type === "progress")).toEqual([]);
    expect(run.target.ranks.size).toBe(17);
    await train(run, o.data, config, new Control(0.01), () => {});
    for (const site of ["model.layers.0.residual_1", "model.layers.2.shortcut_ffn"])
      expect(
        (await run.parameters.read(partName(site, "B"))).some((b) => b !== 0),
        site,
      ).toBe(true);
    run.destroy();
  });
});
