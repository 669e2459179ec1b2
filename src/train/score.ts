// score.ts — scores the sites of a run with a proxy: all sites on, B as the configuration wants it, everything put back afterwards.

import { makeBatch } from "../data/batch.ts";
import { makeClassificationBatch } from "../data/classification.ts";
import { hash } from "../engine/random.ts";
import { type OptimizerName, optimizers } from "../optimizers/index.ts";
import { Cancelled, type RankProxy, checkFinite } from "../proxies/proxy.ts";
import type { AllocationConfig, RunConfig } from "../protocol.ts";
import { type AnyBatch, writeBatch } from "./evaluate.ts";
import { RunProbe } from "./probe.ts";
import { type Run, partName } from "./run.ts";
import type { TrainData } from "./rows.ts";

/** Standard deviation of a temporary B. */
const B_STD = 0.02;
const WARM_UP_STEPS = 8;

/** The first rows of the training data, unshuffled: the same ones every time. There may be fewer than asked for. */
export function calibrationBatches(data: TrainData, config: RunConfig, count: number): AnyBatch[] {
  const { batch_size: size } = config.train;
  const maxLength = config.data.max_length;
  const batches: AnyBatch[] = [];
  for (let i = 0; i < Math.min(count * size, data.train.length); i += size)
    batches.push(
      data.metrics
        ? makeClassificationBatch(data.train.slice(i, i + size), { maxLength, regression: data.classes === null })
        : makeBatch(data.train.slice(i, i + size), { maxLength }),
    );
  return batches;
}

export interface ScoreOptions {
  B: AllocationConfig["B"];
  seed: number;
  /** Of a warm-up's steps. */
  train: RunConfig["train"];
  cancelled?: () => boolean;
  onPass?: (done: number) => void;
}

export interface Scored {
  /** In the order of the adapted sites. */
  scores: number[];
  /** How B was treated and why, in words; empty where nothing was done to it. */
  note: string;
}

/** Runs fn with all sites on and B prepared, then puts parameters, moments, steps and what was off back. null: the person stopped. */
export async function probing<T>(
  run: Run,
  batches: readonly AnyBatch[],
  o: ScoreOptions,
  atZero: RankProxy["atZero"],
  fn: (probe: RunProbe) => Promise<T>,
): Promise<{ value: T; note: string } | null> {
  const { off } = run;
  run.allocate(new Set());
  const putBack: (() => void)[] = [() => run.allocate(off), () => run.parameters.clearGradients()];
  try {
    const probe = new RunProbe(run, batches, o.cancelled, o.onPass);
    const zero = await zeroSites(run, probe.sites);
    const mode = o.B !== "auto" ? o.B : atZero !== "holds" && zero.length ? "random" : "as-is";
    const where = `B is 0 at ${zero.length} of ${probe.sites.length} modules`;
    let note = "";
    if (mode === "as-is" && atZero !== "holds" && zero.length) note = `${where} and is left so: there this score ${atZero}.`;
    if (mode === "random" && zero.length) {
      const before = await run.parameters.readFlat("parameters");
      putBack.unshift(() => run.parameters.writeFlat(before));
      for (const site of zero) randomB(run, site, o.seed);
      note = `${where}${atZero === "holds" ? "" : `, where this score ${atZero}`}: a random B (standard deviation ${B_STD}, seed ${o.seed}) stood in while scoring.`;
    }
    if (mode === "warm-up" && zero.length) {
      const before = await run.parameters.snapshot();
      putBack.unshift(() => run.parameters.restore(before));
      await warmUp(run, batches, o);
      note = `${where}: scored after a warm-up of ${WARM_UP_STEPS} steps on the calibration rows, which was undone.`;
    }
    return { value: await fn(probe), note };
  } catch (e) {
    if (e instanceof Cancelled) return null;
    throw e;
  } finally {
    for (const undo of putBack) undo();
  }
}

/** Throws RangeError where a score is no number. null: the person stopped. */
export async function scoreSites(run: Run, proxy: RankProxy, batches: readonly AnyBatch[], o: ScoreOptions): Promise<Scored | null> {
  const result = await probing(run, batches, o, proxy.atZero, async (probe) => {
    const scores = await proxy.score(probe);
    checkFinite(proxy.name, probe.sites, scores);
    return scores;
  });
  return result && { scores: result.value, note: result.note };
}

async function zeroSites(run: Run, sites: readonly string[]): Promise<string[]> {
  const values = await run.parameters.readFlat("parameters");
  return sites.filter((site) => {
    const { offset, elements } = run.parameters.segment(partName(site, "B"));
    return values.subarray(offset, offset + elements).every((v) => v === 0);
  });
}

/** N(0, 0.02²) by Box and Muller, seeded by the site's name; rows that pad the rank stay 0. */
function randomB(run: Run, site: string, seed: number): void {
  const name = partName(site, "B");
  const { elements, shape } = run.parameters.segment(name);
  const key = [...name].reduce((h, c) => hash(h, c.charCodeAt(0)), hash(seed, 0xb));
  const uniform = (i: number, which: number): number => (hash(key, i, which) + 0.5) / 2 ** 32;
  const used = run.target.ranks.get(site)!.r * shape[1];
  const data = Float32Array.from({ length: elements }, (_, i) =>
    i < used ? B_STD * Math.sqrt(-2 * Math.log(uniform(i, 0))) * Math.cos(2 * Math.PI * uniform(i, 1)) : 0,
  );
  run.parameters.write(name, data);
}

async function warmUp(run: Run, batches: readonly AnyBatch[], { train, cancelled }: ScoreOptions): Promise<void> {
  const { beta1, beta2, eps } = optimizers[train.optimizer as OptimizerName];
  const update = await run.plans.update();
  for (let step = 0; step < WARM_UP_STEPS; step++) {
    const batch = batches[step % batches.length];
    const micro = await run.plans.micro(batch.B, batch.T);
    writeBatch(run, batch);
    run.plans.write("counter", Uint32Array.of(train.seed, step, 0, 0));
    run.plans.write("scalars", Float32Array.of(train.learning_rate, beta1, beta2, eps, train.max_grad_norm, 1, 0, 0));
    if (await run.backend.run(micro, cancelled)) throw new Cancelled("scoring was stopped");
    await run.backend.run(update);
  }
}
