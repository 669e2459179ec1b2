// plans.ts — compiles the run's graphs when they are first needed and keeps them: per batch shape, until the ranks change. Knows the memory of
// every leaf: weights and constants are uploaded once, inputs are written before a replay.

import { type Backend, type Data, type Memory, type Plan, type Range, aligned } from "../engine/backend.ts";
import type { Graph, Leaf } from "../engine/graph.ts";
import { size } from "../engine/tensor.ts";
import { deltaGraph, evaluationGraph, generationGraph, microGraph, updateGraph } from "./graphs.ts";
import type { Subject } from "./graphs.ts";
import type { Parameters } from "./parameters.ts";

/** Plans of distinct batch shapes that are kept; the least recently used goes first. Those without a shape, which a step always needs, stay. */
const KEPT = 32;

export class Plans {
  private readonly plans = new Map<string, Promise<Plan>>();
  private readonly memories = new Map<string, Memory>();
  private deltaSites: string[] = [];
  private readonly maxTokens: number;

  /** weights: memory of each frozen leaf, uploaded before. maxTokens: most tokens a batch will have. */
  constructor(
    readonly backend: Backend,
    readonly subject: Subject,
    readonly parameters: Parameters,
    private readonly weights: (leaf: Leaf) => Range,
    maxTokens: number,
    private readonly progress: (done: number, total: number) => void = () => {},
  ) {
    this.maxTokens = Math.max(maxTokens, subject.adaptation.scales, 8);
  }

  micro = (B: number, T: number): Promise<Plan> => this.plan(`micro ${B}×${T}`, () => microGraph(this.subject, B, T));
  evaluation = (B: number, T: number): Promise<Plan> => this.plan(`evaluation ${B}×${T}`, () => evaluationGraph(this.subject, B, T));
  logits = (B: number, T: number): Promise<Plan> => this.plan(`logits ${B}×${T}`, () => evaluationGraph(this.subject, B, T, "logits"));
  generation = (B: number, Tmax: number): Promise<Plan> => this.plan(`generation ${B}×${Tmax}`, () => generationGraph(this.subject, B, Tmax));
  update = (): Promise<Plan> => this.plan("update", () => updateGraph(this.parameters.elements, this.parameters.segments.length));
  /** A graph of somebody else's, kept like the others. Its name tells it from all others; with a shape in it, "×", it may be forgotten. */
  other = (name: string, make: () => Graph): Promise<Plan> => this.plan(name, make);
  async delta(): Promise<{ plan: Plan; sites: readonly string[] }> {
    const plan = await this.plan("delta", () => {
      const { graph, sites } = deltaGraph(this.subject);
      this.deltaSites = sites;
      return graph;
    });
    return { plan, sites: this.deltaSites };
  }

  private plan(name: string, make: () => Graph): Promise<Plan> {
    const known = this.plans.get(name);
    if (known) this.plans.delete(name);
    const made = known ?? this.compile(name, make());
    this.plans.set(name, made);
    if (!known) made.catch(() => this.plans.delete(name)); // asked for again, it is tried again
    const shaped = [...this.plans.keys()].filter((key) => key.includes("×"));
    if (shaped.length > KEPT) {
      const oldest = this.plans.get(shaped[0])!;
      this.plans.delete(shaped[0]);
      void oldest.then((p) => p.destroy());
    }
    return made;
  }

  private compile(name: string, graph: Graph): Promise<Plan> {
    return this.backend.compile(name, graph, (l) => this.place(l), this.progress);
  }

  private place(l: Leaf): Range {
    const trained = this.parameters.place(l);
    if (trained) return trained;
    if (l.kind === "weight") return this.weights(l);
    const elements = size(l.tensor.shape);
    if (l.kind === "constant") {
      const known = this.memories.has(l.name);
      const range = this.memory(l.name, elements);
      if (!known) this.backend.write(range, l.make!());
      return range;
    }
    return l.kind === "input" ? this.input(l.name, elements) : this.memory(`${l.name} (${elements})`, elements);
  }

  /** All batch shapes share an input's memory: it is made for the largest at once. */
  private input(name: string, elements: number): Range {
    if (elements > this.maxTokens) throw new Error(`"${name}" of ${elements} elements: this run was made for batches of at most ${this.maxTokens} tokens`);
    return { ...this.memory(name, Math.max(this.maxTokens, this.subject.adaptation.scales)), elements };
  }

  private memory(name: string, elements: number): Range {
    let made = this.memories.get(name);
    if (!made) this.memories.set(name, (made = this.backend.memory(aligned(elements), name)));
    return { memory: made, offset: 0, elements };
  }

  /** Writes an input leaf. Ones that no plan has asked for yet are made. */
  write(name: string, data: Data): void {
    this.backend.write(this.input(name, data.length), data);
  }

  destroy(): void {
    for (const plan of this.plans.values()) void plan.then((p) => p.destroy(), () => {}); // prettier-ignore
    for (const m of this.memories.values()) m.destroy();
    this.plans.clear();
    this.memories.clear();
  }
}
