// norms.ts — what the heatmap lives from: per site, the gradient's norm (root mean square over a window of steps) and how far the site has moved, ‖ΔW‖_F.
// LoRA: ‖s·B·A‖_F from r×r Gram matrices. Full fine-tuning: ‖W − W₀‖_F.

import { type Memory, type Plan, type Range, whole } from "../engine/backend.ts";
import type { History } from "./history.ts";
import { movedGraph } from "./graphs.ts";
import type { Run } from "./run.ts";

export class Norms {
  private readonly sums: Float64Array;
  private steps = 0;
  /** Elements of a record: a square per segment, then the ΔW values. */
  readonly elements: number;

  private constructor(
    private readonly run: Run,
    private readonly plan: Plan,
    /** Captures of the plan, in order, each with the sites (or segments) its elements belong to. */
    private readonly groups: readonly { range: Range; sites: readonly string[]; squared: boolean }[],
    private readonly start: Memory | null,
  ) {
    this.sums = new Float64Array(run.target.sites.length);
    this.elements = run.parameters.segments.length + groups.reduce((sum, g) => sum + g.sites.length, 0);
  }

  static async create(run: Run): Promise<Norms> {
    if (run.target.ranks.size) {
      const { plan, sites } = await run.plans.delta();
      const rest = [...sites];
      const groups = [...plan.captures.values()].map((range) => ({ range, sites: rest.splice(0, range.elements), squared: false }));
      return new Norms(run, plan, groups, null);
    }
    const { parameters, backend } = run;
    const { parameters: now } = await parameters.snapshot();
    const start = backend.memory(now.length, "parameters at the start, negated");
    backend.write(whole(start), now.map((x) => -x)); // prettier-ignore
    const plan = await backend.compile("moved", movedGraph(parameters.elements, parameters.segments.length), (l) => parameters.place(l) ?? whole(start));
    const squares = plan.captures.get("squares")!;
    return new Norms(run, plan, [{ range: squares, sites: parameters.segments.map((s) => s.name), squared: true }], start);
  }

  /** Queues this step's norms into its record. ΔW is computed only at the end of a window. */
  async queue(history: History, at: number, update: Plan, window: boolean): Promise<void> {
    const count = this.run.parameters.segments.length;
    history.put(at, { ...update.captures.get("squares")!, elements: count });
    if (!window) return;
    await this.run.backend.run(this.plan);
    let offset = at + count;
    for (const g of this.groups) {
      history.put(offset, { ...g.range, elements: g.sites.length });
      offset += g.sites.length;
    }
  }

  private readonly siteOf = (segment: string): string => segment.slice(0, segment.lastIndexOf("."));

  /** Takes a step's record into the window. */
  add(record: Float32Array): void {
    const index = new Map(this.run.target.sites.map((s, i) => [s.name, i]));
    this.run.parameters.segments.forEach((s, i) => {
      const site = index.get(this.siteOf(s.name));
      if (site !== undefined) this.sums[site] += record[i];
    });
    this.steps++;
  }

  /** The window so far, for whoever goes on from here. */
  window(): { steps: number; sums: number[] } {
    return { steps: this.steps, sums: [...this.sums] };
  }

  goOn({ steps, sums }: { steps: number; sums: readonly number[] }): void {
    this.sums.set(sums);
    this.steps = steps;
  }

  /** The window's values, in the order of the sites; begins the next. */
  take(record: Float32Array): { gradNorm: number[]; deltaNorm: number[] } {
    const gradNorm = Array.from(this.sums, (sum) => Math.sqrt(sum / Math.max(1, this.steps)));
    this.sums.fill(0);
    this.steps = 0;
    const moved = new Map<string, number>();
    let offset = this.run.parameters.segments.length;
    for (const g of this.groups)
      g.sites.forEach((name) => {
        const value = record[offset++];
        const site = g.squared ? this.siteOf(name) : name;
        moved.set(site, Math.hypot(moved.get(site) ?? 0, g.squared ? Math.sqrt(value) : value));
      });
    return { gradNorm, deltaNorm: this.run.target.sites.map((s) => moved.get(s.name) ?? 0) };
  }

  destroy(): void {
    if (!this.start) return;
    this.plan.destroy();
    this.start.destroy();
  }
}
