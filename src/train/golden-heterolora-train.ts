// golden-heterolora-train.ts — the trainings of HeteroLoRA's golden case: two whose allocation is decided again every few steps, and two with
// shortcuts, all of them on.

import { alphaTest } from "../proxies/alpha-test.ts";
import { proxies } from "../proxies/index.ts";
import { readLogits, writeBatch } from "./evaluate.ts";
import { AS_IS, type Context, choose, inOrder, makeRun, perplexities, startOf, tensorOf } from "./golden-heterolora-case.ts";
import { worst, wrongMasks } from "./golden-sheet.ts";
import { RunProbe } from "./probe.ts";
import { probing } from "./score.ts";
import { type Run, partName, transpose } from "./run.ts";

/** Without shortcuts the case's runs go far at a high learning rate, and small differences grow on the way. */
const TOLERANCES = { dynamic: { losses: 1e-3, grad: 1e-4, logits: 1e-2 }, shortcuts: { losses: 2e-5, grad: 5e-5, logits: 1e-4 } } as const;

export async function trainingCase(context: Context, sub: string): Promise<void> {
  const { backend, c, expected, batches, sheet } = context;
  const result = c.results[sub];
  const { hyper } = c;
  const run = await makeRun(context, sub);
  const K = result.units.length;
  const dynamic = sub.startsWith("dynamic");
  const tolerances = dynamic ? TOLERANCES.dynamic : TOLERANCES.shortcuts;
  const learningRate = dynamic ? hyper.dynamic_lr : hyper.lr;
  const losses: number[] = [];
  const gradients = new Map<string, Float32Array>();
  const [scores, masks]: number[][] = [[], []];
  let kept = new Map<string, Float32Array>();
  let broken = 0;
  const update = await run.plans.update();
  for (let step = 0; step < c.steps[sub]; step++) {
    if (dynamic && step % hyper.realloc_every === 0) {
      broken += await changed(run, kept);
      const { score } = proxies[sub === "dynamic" ? "grad-norm" : "constant"];
      const these = inOrder(run, result.units, (await probing(run, batches.slice(0, hyper.proxy_batches), AS_IS, "holds", score))!.value);
      const { mask, off } = choose(run, result, these, [`step${step}`]);
      scores.push(...these);
      masks.push(...mask);
      run.allocate(off);
      kept = await stateOf(run, off);
    }
    const batch = batches[step % batches.length];
    const micro = await run.plans.micro(batch.B, batch.T);
    writeBatch(run, batch);
    run.plans.write("scalars", Float32Array.of(learningRate, hyper.betas[0], hyper.betas[1], hyper.eps, 0, 1, 0, 0));
    await backend.run(micro);
    if (step === 0)
      for (const unit of result.units)
        for (const key of ["A", "B"] as const)
          if (expected.has(`${sub}/grad.${tensorOf(unit, key)}`)) gradients.set(`grad.${tensorOf(unit, key)}`, await factor(run, unit, key, "gradients"));
    await backend.run(update);
    losses.push((await backend.read({ ...micro.captures.get("loss")!, elements: 1 }))[0]);
  }
  broken += await changed(run, kept);

  const put = async (name: string, value: ArrayLike<number>, kind: string, tolerance: number): Promise<void> => {
    sheet.put(`${sub}/${name}`, value);
    sheet.note(kind, `${sub}/${name}`, worst(value, await expected.read(`${sub}/${name}`)), tolerance);
  };
  const kind = (what: string): string => (dynamic ? what : `${what} with shortcuts`);
  await put("losses", losses, kind("losses"), tolerances.losses);
  for (const [name, value] of gradients) await put(name, value, kind("grad"), tolerances.grad);
  if (dynamic) {
    const expectedScores = await expected.read(`${sub}/realloc.scores`);
    const expectedMasks = await expected.read(`${sub}/realloc.masks`);
    await put("realloc.scores", scores, "scores", 1e-3);
    sheet.put(`${sub}/realloc.masks`, masks);
    for (let i = 0; i < masks.length; i += K) {
      const part = (a: ArrayLike<number>): number[] => Array.from(a).slice(i, i + K);
      sheet.note("masks", `${sub}, allocation ${i / K}`, wrongMasks(part(masks), part(expectedMasks), part(expectedScores), 2e-3), 0);
    }
    sheet.note("bits of modules that are off", sub, broken, 0);
  }

  const { segments } = await run.parameters.snapshot();
  for (const unit of result.units) {
    for (const key of ["A", "B"] as const) {
      const name = tensorOf(unit, key);
      const s = run.parameters.segments.findIndex(({ name: n }) => n === partName(unit, key));
      sheet.note("steps", `${sub}/${name}`, Math.abs(segments[8 * s + 3] - (result.adam_steps?.[name] ?? c.steps[sub])), 0);
      const value = await factor(run, unit, key, "parameters");
      const [truth, from] = [await expected.read(`${sub}/final.${name}`), await startOf(context, sub, name)];
      sheet.put(`${sub}/final.${name}`, value);
      const way = Math.hypot(...truth.map((t, i) => t - from[i]));
      const apart = Math.hypot(...truth.map((t, i) => value[i] - t));
      sheet.note(kind("final"), `${sub}/${name}`, way > 0 ? apart / way : apart, 1e-3);
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
  sheet.note(kind("logits"), `${sub}/final_logits`, worst(seen(logits), seen(truth)), tolerances.logits);
  if (expected.has(`${sub}/scores.trained.alpha_test`)) {
    // As the case has it: under the final mask, not with all modules on.
    const probe = new RunProbe(run, batches.slice(0, hyper.proxy_batches));
    await put("alpha_ppl.trained", await perplexities(probe, result.units), "perplexities", 1e-3);
    await put("scores.trained.alpha_test", inOrder(run, result.units, await alphaTest(probe, hyper.alpha_tolerance)), "scores", 1e-3);
  }
  run.destroy();
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
