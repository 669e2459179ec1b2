// golden-heterolora.ts — the golden case of HeteroLoRA: scores of every proxy at B = 0 and at a stored B, the modules they choose, and two runs whose
// allocation is decided again every few steps. Conventions: tests/golden/methods/heterolora/case.json. Sub-cases with shortcuts are left out.

import { type Backend } from "../engine/backend.ts";
import { type Checkpoint, openSafetensors } from "../formats/safetensors.ts";
import { bytesSource } from "../formats/source.ts";
import type { PeftAdapter } from "../formats/peft.ts";
import { parseModel } from "../models/index.ts";
import { alphaTest } from "../proxies/alpha-test.ts";
import { figures, proxies } from "../proxies/index.ts";
import type { Probe } from "../proxies/proxy.ts";
import { type Resolved, decide, offOf } from "./allocation.ts";
import { firstAllocation, firstRun } from "./config.ts";
import { readLogits, writeBatch } from "./evaluate.ts";
import type { CaseFiles, Comparison, Values } from "./golden.ts";
import { Sheet, inversions, worst, wrongMasks } from "./golden-sheet.ts";
import { RunProbe } from "./probe.ts";
import { type ScoreOptions, probing } from "./score.ts";
import { Run, partName, transpose } from "./run.ts";
import { targetOfRanks } from "./subject.ts";

interface Case {
  model: Record<string, unknown>;
  subcases: string[];
  steps: Record<string, number>;
  hyper: { weight_decay: number; betas: [number, number]; eps: number; r: number; alpha: number; proxy_batches: number; realloc_every: number; alpha_tolerance: number; dynamic_lr: number }; // prettier-ignore
  results: Record<string, Result>;
}

interface Result {
  units: string[];
  budget: { lora: number };
  ties?: Record<string, { order: number[] }>;
  jacob_cov?: Record<string, number>;
  adam_steps?: Record<string, number>;
}

/** The names of the case, and ours. */
const scored: Record<string, (probe: Probe, c: Case) => Promise<number[]>> = {
  constant: proxies.constant.score,
  grad_norm: proxies["grad-norm"].score,
  snip: proxies.snip.score,
  synflow_logits: proxies.synflow.score,
  synflow_ce: proxies["synflow-ce"].score,
  fisher: proxies.fisher.score,
  grasp: proxies.grasp.score,
  alpha_test: (probe, c) => alphaTest(probe, c.hyper.alpha_tolerance),
};

export const SUBCASES = ["proxies", "dynamic", "dynamic_constant"];
const AS_IS: ScoreOptions = { B: "as-is", seed: 0, train: firstRun.train };

export interface MethodResult {
  compared: Comparison[];
  values: Values;
  /** Sub-cases that cannot be run yet. */
  left: string[];
}

export async function runHeterolora(backend: Backend, files: CaseFiles): Promise<MethodResult> {
  const c: Case = JSON.parse(new TextDecoder().decode(files.get("case.json")!)) as Case;
  const open = (name: string): Promise<Checkpoint> => openSafetensors(new Map([["model.safetensors", bytesSource(files.get(name)!)]]));
  const [initial, expected] = [await open("initial.safetensors"), await open("expected.safetensors")];
  const batches = JSON.parse(new TextDecoder().decode(files.get("batch.json")!)) as Record<"input_ids" | "attention_mask" | "labels", number[][]>[];
  const context: Context = { backend, c, initial, expected, batches: batches.map(batchOf), sheet: new Sheet() };
  for (const sub of c.subcases.filter((s) => SUBCASES.includes(s))) await (sub === "proxies" ? proxiesCase(context) : dynamicCase(context, sub));
  const values: Values = new Map([...context.sheet.values].map(([name, v]) => [name, expected.has(name) ? { ...v, shape: expected.shape(name) } : v]));
  return { compared: context.sheet.rows(), values, left: c.subcases.filter((s) => !SUBCASES.includes(s)) };
}

interface Context {
  backend: Backend;
  c: Case;
  initial: Checkpoint;
  expected: Checkpoint;
  batches: ReturnType<typeof batchOf>[];
  sheet: Sheet;
}

const batchOf = (b: Record<"input_ids" | "attention_mask" | "labels", number[][]>) => {
  const labels = b.labels.flatMap((row) => [...row.slice(1), -100]);
  return {
    B: b.input_ids.length,
    T: b.input_ids[0].length,
    inputIds: Int32Array.from(b.input_ids.flat()),
    labels: Int32Array.from(labels),
    attentionMask: Int32Array.from(b.attention_mask.flat()),
    tokens: labels.filter((l) => l >= 0).length,
  };
};

async function makeRun({ backend, c, initial, batches }: Context, sub: string): Promise<Run> {
  const { r, alpha, weight_decay: weightDecay } = c.hyper;
  const { units } = c.results[sub];
  const target = targetOfRanks(parseModel(c.model), new Map(units.map((u) => [u, { r, alpha }])));
  const run = await Run.create({ backend, target, checkpoint: initial, maxTokens: batches[0].B * batches[0].T, weightDecay, seed: 0 });
  await loadFactors(run, units, (u) => initial.read(`${u}.lora_A.weight`), (u) => initial.read(`${u}.lora_B.weight`)); // prettier-ignore
  return run;
}

/** A (r, in) and B (out, r) of every unit, as the case stores them. */
async function loadFactors(
  run: Run,
  units: readonly string[],
  A: (unit: string) => Promise<Float32Array>,
  B: (unit: string) => Promise<Float32Array>,
): Promise<void> {
  const modules: [string, PeftAdapter["modules"] extends ReadonlyMap<string, infer M> ? M : never][] = [];
  for (const unit of units) {
    const { r, alpha } = run.target.ranks.get(unit)!;
    const site = run.target.sites.find((s) => s.name === unit)!;
    const matrix = (rows: number, columns: number, data: Float32Array) => ({ shape: [rows, columns] as const, data: Float32Array.from(data) });
    modules.push([unit, { r, alpha, scale: alpha / r, A: matrix(r, site.in, await A(unit)), B: matrix(site.out, r, await B(unit)) }]);
  }
  run.load({ modules: new Map(modules), saved: new Map() } as unknown as PeftAdapter);
}

/** The case's choice: the K best of the units; ties in the stored order. */
function choose(run: Run, result: Result, scores: readonly number[], tag: string): { mask: number[]; off: ReadonlySet<string> } {
  const sites = result.units.map((u) => {
    const s = run.target.sites.find(({ name }) => name === u)!;
    return { in: s.in, out: s.out, r: run.target.ranks.get(u)!.r };
  });
  const a: Resolved = { config: { ...firstAllocation, allocator: "top-k" }, names: result.units, sites, budget: { modules: result.budget.lora }, ranks: [], max: 0, notes: [] }; // prettier-ignore
  const order = result.ties?.[tag]?.order;
  const decision = decide(a, scores, 0, (n) => (order?.length === n ? order : Array.from({ length: n }, (_, i) => i)));
  return { mask: decision.ranks.map((r) => (r > 0 ? 1 : 0)), off: offOf(a, decision) };
}

async function proxiesCase(context: Context): Promise<void> {
  const { c, initial, expected, batches, sheet } = context;
  const result = c.results.proxies;
  const run = await makeRun(context, "proxies");
  const rows = batches.slice(0, c.hyper.proxy_batches);
  for (const tag of ["zero", "probe"]) {
    if (tag === "probe") await loadFactors(run, result.units, (u) => initial.read(`${u}.lora_A.weight`), (u) => initial.read(`probe.${u}`)); // prettier-ignore
    for (const [name, score] of Object.entries(scored)) {
      const scores = inOrder(run, result.units, (await probing(run, rows, AS_IS, "holds", (probe) => score(probe, c)))!.value);
      const truth = await expected.read(`proxies/scores.${tag}.${name}`);
      const tolerance = name === "grasp" ? 2e-2 : 1e-3;
      sheet.put(`proxies/scores.${tag}.${name}`, scores);
      sheet.note(name === "grasp" ? "scores of grasp" : "scores", `${tag}.${name}`, worst(scores, truth), tolerance);
      sheet.note("order", `${tag}.${name}`, inversions(scores, truth, 2 * tolerance), 0);
      const { mask } = choose(run, result, scores, `${tag}.${name}`);
      sheet.put(`proxies/mask.${tag}.${name}`, mask);
      sheet.note("masks", `${tag}.${name}`, wrongMasks(mask, await expected.read(`proxies/mask.${tag}.${name}`), truth, 2 * tolerance), 0);
    }
    const table = (await probing(run, rows, AS_IS, "holds", (probe) => perplexities(probe, result.units)))!.value;
    sheet.put(`proxies/alpha_ppl.${tag}`, table);
    sheet.note("perplexities", `proxies/alpha_ppl.${tag}`, worst(table, await expected.read(`proxies/alpha_ppl.${tag}`)), 1e-3);
    const figure = (await probing(run, rows, AS_IS, "holds", (probe) => figures["jacob-cov"].figure(probe)))!.value;
    sheet.note("jacob-cov", tag, Math.abs(figure / result.jacob_cov![tag] - 1), 1e-3);
  }
  run.destroy();
}

async function dynamicCase(context: Context, sub: string): Promise<void> {
  const { backend, c, initial, expected, batches, sheet } = context;
  const result = c.results[sub];
  const { hyper } = c;
  const run = await makeRun(context, sub);
  const K = result.units.length;
  const losses: number[] = [];
  const gradients = new Map<string, Float32Array>();
  const [scores, masks]: number[][] = [[], []];
  let kept = new Map<string, Float32Array>();
  let broken = 0;
  const update = await run.plans.update();
  for (let step = 0; step < c.steps[sub]; step++) {
    if (step % hyper.realloc_every === 0) {
      broken += await changed(run, kept);
      const proxy = sub === "dynamic" ? scored.grad_norm : scored.constant;
      const these = inOrder(run, result.units, (await probing(run, batches.slice(0, hyper.proxy_batches), AS_IS, "holds", (probe) => proxy(probe, c)))!.value);
      const { mask, off } = choose(run, result, these, `step${step}`);
      scores.push(...these);
      masks.push(...mask);
      run.allocate(off);
      kept = await stateOf(run, off);
    }
    const batch = batches[step % batches.length];
    const micro = await run.plans.micro(batch.B, batch.T);
    writeBatch(run, batch);
    run.plans.write("scalars", Float32Array.of(hyper.dynamic_lr, hyper.betas[0], hyper.betas[1], hyper.eps, 0, 1, 0, 0));
    await backend.run(micro);
    if (step === 0)
      for (const unit of result.units)
        for (const key of ["A", "B"] as const)
          if (expected.has(`${sub}/grad.${unit}.lora_${key}.weight`))
            gradients.set(`grad.${unit}.lora_${key}.weight`, await factor(run, unit, key, "gradients"));
    await backend.run(update);
    losses.push((await backend.read({ ...micro.captures.get("loss")!, elements: 1 }))[0]);
  }
  broken += await changed(run, kept);

  const expectedScores = await expected.read(`${sub}/realloc.scores`);
  const expectedMasks = await expected.read(`${sub}/realloc.masks`);
  const put = async (name: string, value: ArrayLike<number>, kind: string, tolerance: number): Promise<void> => {
    sheet.put(`${sub}/${name}`, value);
    sheet.note(kind, `${sub}/${name}`, worst(value, await expected.read(`${sub}/${name}`)), tolerance);
  };
  await put("losses", losses, "losses", 1e-3);
  for (const [name, value] of gradients) await put(name, value, "grad", 1e-4);
  await put("realloc.scores", scores, "scores", 1e-3);
  sheet.put(`${sub}/realloc.masks`, masks);
  for (let i = 0; i < masks.length; i += K) {
    const part = (a: ArrayLike<number>): number[] => Array.from(a).slice(i, i + K);
    sheet.note("masks", `${sub}, allocation ${i / K}`, wrongMasks(part(masks), part(expectedMasks), part(expectedScores), 2e-3), 0);
  }
  sheet.note("bits of modules that are off", sub, broken, 0);

  const { segments } = await run.parameters.snapshot();
  for (const unit of result.units) {
    for (const key of ["A", "B"] as const) {
      const name = `${unit}.lora_${key}.weight`;
      const s = run.parameters.segments.findIndex(({ name: n }) => n === partName(unit, key));
      sheet.note("steps", `${sub}/${name}`, Math.abs(segments[8 * s + 3] - result.adam_steps![name]), 0);
      const value = await factor(run, unit, key, "parameters");
      const [truth, from] = [await expected.read(`${sub}/final.${name}`), await initial.read(name)];
      sheet.put(`${sub}/final.${name}`, value);
      const way = Math.hypot(...truth.map((t, i) => t - from[i]));
      const apart = Math.hypot(...truth.map((t, i) => value[i] - t));
      sheet.note("final", `${sub}/${name}`, way > 0 ? apart / way : apart, 1e-3);
      for (const [ours, theirs] of [
        ["m", "exp_avg"],
        ["v", "exp_avg_sq"],
      ] as const)
        // prettier-ignore
        if (expected.has(`${sub}/${theirs}.${name}`)) await put(`${theirs}.${name}`, await factor(run, unit, key, ours), "moments", 1e-3);
    }
  }
  writeBatch(run, batches[0]);
  const logits = await readLogits(run, batches[0].B, batches[0].T);
  const truth = await expected.read(`${sub}/final_logits`);
  const width = truth.length / batches[0].attentionMask.length;
  const seen = (a: ArrayLike<number>): number[] => Array.from(a).filter((_, i) => batches[0].attentionMask[Math.floor(i / width)] === 1);
  sheet.put(`${sub}/final_logits`, logits);
  sheet.note("logits", `${sub}/final_logits`, worst(seen(logits), seen(truth)), 1e-2);
  if (expected.has(`${sub}/scores.trained.alpha_test`)) {
    // As the case has it: under the final mask, not with all modules on.
    const probe = new RunProbe(run, batches.slice(0, hyper.proxy_batches));
    await put("alpha_ppl.trained", await perplexities(probe, result.units), "perplexities", 1e-3);
    await put("scores.trained.alpha_test", inOrder(run, result.units, await alphaTest(probe, hyper.alpha_tolerance)), "scores", 1e-3);
  }
  run.destroy();
}

/** (units, 11): exp of the mean loss with the unit's whole output times 0, 0.1 … 1. */
async function perplexities(probe: Probe, units: readonly string[]): Promise<number[]> {
  const table: number[] = [];
  for (const site of units) for (let a = 0; a <= 10; a++) table.push(Math.exp(await probe.loss({ site, by: a / 10 })));
  return table;
}

/** Scores come in the order of the model's sites. */
function inOrder(run: Run, units: readonly string[], scores: readonly number[]): number[] {
  const names = run.target.sites.filter((s) => run.target.ranks.has(s.name)).map((s) => s.name);
  return units.map((u) => scores[names.indexOf(u)]);
}

async function factor(run: Run, unit: string, key: "A" | "B", of: "parameters" | "gradients" | "m" | "v"): Promise<Float32Array> {
  const { r } = run.target.ranks.get(unit)!;
  const { in: inputs, out } = run.target.sites.find((s) => s.name === unit)!;
  const data = await run.parameters.read(partName(unit, key), of);
  return key === "A" ? data.slice(0, r * inputs) : transpose(data, r, out);
}

/** Values and moments of the sites that are off. */
async function stateOf(run: Run, off: ReadonlySet<string>): Promise<Map<string, Float32Array>> {
  const kept = new Map<string, Float32Array>();
  for (const unit of off)
    for (const key of ["A", "B"]) for (const of of ["parameters", "m", "v"] as const) kept.set(`${of} ${partName(unit, key)}`, await run.parameters.read(partName(unit, key), of)); // prettier-ignore
  return kept;
}

/** How many numbers are no longer what they were, bit for bit. */
async function changed(run: Run, kept: ReadonlyMap<string, Float32Array>): Promise<number> {
  let count = 0;
  for (const [at, before] of kept) {
    const [of, name] = at.split(" ") as ["parameters" | "m" | "v", string];
    const now = new Int32Array((await run.parameters.read(name, of)).buffer);
    new Int32Array(before.buffer).forEach((bits, i) => (count += bits === now[i] ? 0 : 1));
  }
  return count;
}
