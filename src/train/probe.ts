// probe.ts — runs what a proxy asks for on a run's own device memory: passes over the calibration batches, sums read back at their end. Leaves
// parameters, moments and steps as they were, bit for bit; gradients are 0 afterwards.

import { type Plan, whole } from "../engine/backend.ts";
import type { SegmentExpression } from "../ops/segment-sums.ts";
import { Cancelled, type Pair, type Probe, type Unsigned } from "../proxies/proxy.ts";
import { type AnyBatch, writeBatch } from "./evaluate.ts";
import { fisherGraph, gainGraph, gainOf, gradientGraph, inputGraph, sumsGraph } from "./probe-graphs.ts";
import { type Run, partName } from "./run.ts";

/** Length of the step of GraSP's central differences, as a share of ‖θ‖. */
const STEP = 0.004;
/** SynFlow's sums per layer are kept within 2^±60. */
const EXPONENTS = 60;

export class RunProbe implements Probe {
  readonly sites: readonly string[];
  private done = 0;
  /** The site whose gain may differ from 1; empty before gains were written. */
  private gained = "";

  constructor(
    private readonly run: Run,
    private readonly batches: readonly AnyBatch[],
    private readonly cancelled: () => boolean = () => false,
    private readonly onPass: (done: number) => void = () => {},
  ) {
    this.sites = run.target.sites.filter((s) => run.target.ranks.has(s.name)).map((s) => s.name);
  }

  private async pass(plan: Plan): Promise<void> {
    if (this.cancelled() || (await this.run.backend.run(plan, this.cancelled))) throw new Cancelled("scoring was stopped");
    this.onPass(++this.done);
  }

  /** Runs a plan on every batch, whose loss is its own mean. */
  private async each(plan: (B: number, T: number) => Promise<Plan>, after: (plan: Plan, batch: AnyBatch, i: number) => unknown = () => {}): Promise<void> {
    for (const [i, batch] of this.batches.entries()) {
      const made = await plan(batch.B, batch.T);
      writeBatch(this.run, batch);
      await this.pass(made);
      await after(made, batch, i);
    }
  }

  async gradients(): Promise<void> {
    const { plans, parameters, target } = this.run;
    parameters.clearGradients();
    const quiet = (B: number, T: number): Promise<Plan> => plans.other(`gradients ${B}×${T}`, () => gradientGraph(target.subject, B, T, "loss", false).graph);
    await this.each(target.subject.adaptation.dropout > 0 ? quiet : plans.micro);
  }

  async sums(of: SegmentExpression): Promise<Pair[]> {
    const { plans, parameters, backend } = this.run;
    const { length } = parameters.segments;
    const plan = await plans.other(`sums of ${of}`, () => sumsGraph(parameters.elements, length, of));
    await backend.run(plan);
    const sums = await backend.read({ ...plan.captures.get("sums")!, elements: length });
    const value = new Map(parameters.segments.map((s, i) => [s.name, sums[i]]));
    return this.sites.map((site) => ({ A: value.get(partName(site, "A"))!, B: value.get(partName(site, "B"))! }));
  }

  async unsigned({ objective }: Unsigned): Promise<Pair[]> {
    const { plans, parameters, target } = this.run;
    const [first] = this.batches;
    const [B, T] = [objective === "logits" ? 1 : first.B, first.T];
    const make = () => gradientGraph(target.subject, B, T, objective, true);
    const { layers } = make();
    const plan = await plans.other(`unsigned ${objective} ${B}×${T}`, () => make().graph);
    writeBatch(this.run, first);
    const logits = T * (target.subject.classes ?? target.subject.config.vocabSize);
    if (objective === "logits") plans.write("mask", new Int32Array(B * T).fill(1));
    /** log₂ of the factor on cotangents that leave a layer; those of the layers below have it too. */
    const exponents = layers.map(() => 0);
    const layerOf = (site: string): number => layers.findIndex((l) => site.startsWith(`${l}.`));
    for (let attempt = 0; ; attempt++) {
      // The last layer's factor is put in where cotangents begin, so that the norm behind it has it too.
      const first = objective === "logits" ? layers.length - 1 : layers.length;
      layers.forEach((l, i) => plans.write(`rescale ${l}`, Float32Array.of(i < first ? 2 ** exponents[i] : 1)));
      plans.write("cotangent", Float32Array.of(2 ** (exponents[first] ?? 0) / logits));
      parameters.clearGradients();
      await this.pass(plan);
      const sums = await this.sums("|p·g|");
      const most = layers.map((_, i) => Math.max(0, ...sums.flatMap(({ A, B }, s) => (layerOf(this.sites[s]) === i ? [A, B] : []))));
      const outside = (m: number): boolean => !Number.isFinite(m) || m > 2 ** EXPONENTS || (m < 2 ** -EXPONENTS && (m > 0 || most.some((o) => o > 0)));
      const wrong = attempt < 2 * layers.length + 4 ? most.findLastIndex((m, i) => outside(m) && (m > 0 || exponents[i] < 3 * EXPONENTS)) : -1;
      if (wrong < 0) {
        const factor = layers.map((_, i) => 2 ** exponents.slice(i).reduce((a, b) => a + b, 0));
        const all = objective === "logits" ? logits : 1;
        return sums.map(({ A, B }, s) => {
          const by = all / (factor[layerOf(this.sites[s])] ?? 1);
          return { A: A * by, B: B * by };
        });
      }
      const m = most[wrong];
      exponents[wrong] += m === 0 ? EXPONENTS : Number.isFinite(m) ? -Math.round(Math.log2(m)) : -EXPONENTS;
    }
  }

  async fisher(): Promise<number[]> {
    const { plans, backend, target } = this.run;
    const { sites } = fisherGraph(target.subject, 1, 4);
    const record = backend.memory(Math.max(1, this.batches.length * sites.length), "fisher scores");
    try {
      await this.each(
        (B, T) => plans.other(`fisher ${B}×${T}`, () => fisherGraph(target.subject, B, T).graph),
        (plan, _, i) => {
          let offset = i * sites.length;
          for (const range of plan.captures.values()) {
            backend.copy(range, { memory: record, offset, elements: range.elements });
            offset += range.elements;
          }
        },
      );
      const values = await backend.read(whole(record));
      const total = new Map<string, number>();
      values.forEach((v, i) => total.set(sites[i % sites.length], (total.get(sites[i % sites.length]) ?? 0) + v));
      return this.sites.map((site) => total.get(site) ?? NaN);
    } finally {
      record.destroy();
    }
  }

  async curvature(): Promise<number[]> {
    const { parameters } = this.run;
    const ranges = this.sites.map((site) => ["A", "B"].map((key) => parameters.segment(partName(site, key))));
    const theta = await parameters.readFlat("parameters");
    await this.gradients();
    const g = await parameters.readFlat("gradients");
    const norm = (data: Float32Array): number => Math.sqrt(ranges.flat().reduce((sum, s) => sum + dot(data, data, s), 0));
    const step = (STEP * norm(theta)) / norm(g);
    if (!Number.isFinite(step)) return this.sites.map(() => 0); // no gradient at all
    const at = async (by: number): Promise<Float32Array> => {
      const moved = theta.slice();
      for (const { offset, elements } of ranges.flat()) for (let i = offset; i < offset + elements; i++) moved[i] += by * g[i];
      parameters.writeFlat(moved);
      await this.gradients();
      return parameters.readFlat("gradients");
    };
    try {
      const above = await at(step);
      const below = await at(-step);
      const Hg = above.map((v, i) => (v - below[i]) / (2 * step));
      return ranges.map((factors) => factors.reduce((sum, s) => sum + dot(theta, Hg, s), 0));
    } finally {
      parameters.writeFlat(theta);
    }
  }

  async loss(gain?: { site: string; by: number }): Promise<number> {
    const { plans, backend, target } = this.run;
    const put = (site: string, by: number): void => plans.write(gainOf(site), Float32Array.of(by));
    if (!this.gained) this.sites.forEach((site) => put(site, 1));
    else if (this.gained !== gain?.site) put(this.gained, 1);
    this.gained = gain?.site ?? this.sites[0];
    if (gain) put(gain.site, gain.by);
    let sum = 0;
    await this.each(
      (B, T) => plans.other(`gains ${B}×${T}`, () => gainGraph(target.subject, B, T)),
      async (plan) => (sum += (await backend.read({ ...plan.captures.get("loss")!, elements: 1 }))[0]),
    );
    return sum / this.batches.length;
  }

  async inputGradients(): Promise<Float32Array[]> {
    const { plans, backend, target } = this.run;
    plans.write("cotangent", Float32Array.of(1));
    const rows: Float32Array[] = [];
    await this.each(
      (B, T) => plans.other(`inputs ${B}×${T}`, () => inputGraph(target.subject, B, T)),
      async (plan, { B, T }) => {
        const width = T * target.subject.config.hiddenSize;
        const all = await backend.read({ ...plan.captures.get("inputs")!, elements: B * width });
        for (let b = 0; b < B; b++) rows.push(all.slice(b * width, (b + 1) * width));
      },
    );
    return rows;
  }

  async weightNorms(): Promise<number[]> {
    const norms: number[] = [];
    for (const site of this.sites) {
      if (this.cancelled()) throw new Cancelled("scoring was stopped");
      const { kind, in: width } = this.run.target.sites.find((s) => s.name === site)!;
      if (kind !== "linear") norms.push(kind === "residual" ? Math.sqrt(width) : 0);
      else norms.push(Math.sqrt((await this.run.weight(`${site}.weight`)).reduce((sum, w) => sum + w * w, 0)));
    }
    return norms;
  }
}

const dot = (a: Float32Array, b: Float32Array, { offset, elements }: { offset: number; elements: number }): number => {
  let sum = 0;
  for (let i = offset; i < offset + elements; i++) sum += a[i] * b[i];
  return sum;
};
