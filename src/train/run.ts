// run.ts — a model on a device, ready to train, evaluate and generate: weights uploaded, trainables initialised, plans at hand.
// It knows no data and no schedule; trainer.ts drives it.

import { adapters } from "../adapters/index.ts";
import { type Backend, type Memory, type Range, aligned, whole } from "../engine/backend.ts";
import type { Leaf } from "../engine/graph.ts";
import { hash } from "../engine/random.ts";
import { size } from "../engine/tensor.ts";
import { FormatError } from "../formats/error.ts";
import type { Checkpoint } from "../formats/safetensors.ts";
import type { PeftAdapter } from "../formats/peft.ts";
import { evaluationGraph, params } from "./graphs.ts";
import { Parameters, type Snapshot } from "./parameters.ts";
import { Plans } from "./plans.ts";
import type { Target } from "./subject.ts";

export interface RunOptions {
  backend: Backend;
  target: Target;
  checkpoint: Checkpoint;
  /** Most tokens of any batch: B · T. */
  maxTokens: number;
  weightDecay: number;
  seed: number;
  onWeights?: (done: number, total: number) => void;
  onPipelines?: (done: number, total: number) => void;
}

/** The checkpoint holds every weight the model asks for, in the shape it asks for. Throws FormatError before anything is uploaded. */
export function checkWeights(checkpoint: Checkpoint, weights: readonly { name: string; shape: readonly number[] }[]): void {
  for (const w of weights) {
    if (!checkpoint.has(w.name)) throw new FormatError("model.safetensors", `has no tensor "${w.name}"`, "Do config.json and the weights belong together?");
    const stored = checkpoint.shape(w.name);
    if (`${stored}` !== `${w.shape}`)
      throw new FormatError(
        "model.safetensors",
        `"${w.name}" is (${stored.join(", ")}), config.json asks for (${w.shape.join(", ")})`,
        "Do config.json and the weights belong together?",
      );
  }
}

export class Run {
  private constructor(
    readonly backend: Backend,
    readonly target: Target,
    readonly parameters: Parameters,
    readonly plans: Plans,
    private readonly weights: ReadonlyMap<string, Memory>,
    /** Start of the base's own weights that are trained beside an adapter: a classifier's head. */
    private readonly wholes: ReadonlyMap<string, Float32Array>,
  ) {}

  static async create(o: RunOptions): Promise<Run> {
    const { backend, target, checkpoint } = o;
    // The forward graph names every leaf; lengths do not matter for that.
    const graph = evaluationGraph(target.subject, 1, 4);
    const trained = params(graph);
    const frozen = [...graph.leaves.values()].filter((l) => l.kind === "weight");
    checkWeights(
      checkpoint,
      [...frozen, ...trained].flatMap((l) => l.parts.filter((p) => !isAdapterPart(target, p.name))),
    );

    const total = frozen.reduce((sum, l) => sum + size(l.tensor.shape) * 4, 0);
    let done = 0;
    const weights = new Map<string, Memory>();
    try {
      for (const l of frozen) {
        const memory = backend.memory(aligned(size(l.tensor.shape)), l.name);
        weights.set(l.name, memory);
        for (const p of l.parts) {
          const data = await checkpoint.read(p.name);
          backend.write({ memory, offset: p.offset, elements: data.length }, data);
          o.onWeights?.((done += data.length * 4), total);
        }
      }
    } catch (e) {
      for (const m of weights.values()) m.destroy();
      throw e;
    }

    const parameters = new Parameters(backend, graph, o.weightDecay);
    const place = (l: Leaf): Range => whole(weights.get(l.name)!);
    const plans = new Plans(backend, target.subject, parameters, place, o.maxTokens, o.onPipelines);
    const wholes = new Map<string, Float32Array>();
    for (const p of trained.flatMap((l) => l.parts)) {
      if (isAdapterPart(target, p.name)) continue;
      const data = await checkpoint.read(p.name);
      parameters.write(p.name, data);
      if (target.ranks.size) wholes.set(p.name, data);
    }
    const run = new Run(backend, target, parameters, plans, weights, wholes);
    run.initialise(o.seed);
    run.adapterOn(true);
    return run;
  }

  /** Adapter parameters at their start: A Kaiming-uniform, seeded by the tensor's name, B zero. */
  private initialise(seed: number): void {
    const { adapter } = this.target.subject.adaptation;
    if (!adapter) return;
    for (const site of this.target.sites) {
      const rank = this.target.ranks.get(site.name);
      if (!rank) continue;
      for (const [key, { shape, init }] of Object.entries(adapter.params(site, rank.r))) {
        const data = new Float32Array(size(shape));
        const name = partName(site.name, key);
        if (init.kind === "kaiming") {
          const bound = 1 / Math.sqrt(init.fanIn);
          const key32 = [...name].reduce((h, c) => hash(h, c.charCodeAt(0)), seed);
          for (let i = 0; i < init.usedRows * shape[1]; i++) data[i] = bound * (hash(key32, i) / 2 ** 31 - 1);
        }
        this.parameters.write(name, data);
      }
    }
  }

  /** Off: every site's scale is 0, the base answers. */
  adapterOn(on: boolean): void {
    this.plans.write("scales", on ? this.target.scales : new Float32Array(this.target.scales.length));
  }

  /** Runs fn on the base: without the adapter and with the base's own head, or (full fine-tuning) with the trained weights as they were at the start. */
  async asBase<T>(start: Snapshot | null, fn: () => Promise<T>): Promise<T> {
    const now = start && (await this.parameters.snapshot());
    if (start) this.parameters.restore(start);
    else this.adapterOn(false);
    const trained = new Map<string, Float32Array>();
    if (!start) for (const name of this.wholes.keys()) trained.set(name, await this.parameters.read(name));
    for (const name of trained.keys()) this.parameters.write(name, this.wholes.get(name)!);
    try {
      return await fn();
    } finally {
      if (now) this.parameters.restore(now);
      else this.adapterOn(true);
      for (const [name, data] of trained) this.parameters.write(name, data);
    }
  }

  /** Weights that are trained whole beside an adapter, as they are now. */
  async saved(): Promise<{ name: string; shape: readonly number[]; data: Float32Array }[]> {
    const out: { name: string; shape: readonly number[]; data: Float32Array }[] = [];
    for (const name of this.wholes.keys()) out.push({ name, shape: this.parameters.segment(name).shape, data: await this.parameters.read(name) });
    return out;
  }

  /** A (r, in) and B (out, r) of a site as PEFT stores them: without padding, B not transposed. */
  async lowRank(site: string): Promise<{ A: Float32Array; B: Float32Array }> {
    const { r } = this.target.ranks.get(site)!;
    const { in: inputs, out } = this.target.sites.find((s) => s.name === site)!;
    const A = (await this.parameters.read(partName(site, "A"))).slice(0, r * inputs);
    const Bt = await this.parameters.read(partName(site, "B"));
    return { A, B: transpose(Bt, r, out) };
  }

  /** Takes the values of an adapter file over. */
  load(peft: PeftAdapter): void {
    for (const [name, { r, A, B }] of peft.modules) {
      const { in: inputs, out } = this.target.sites.find((s) => s.name === name)!;
      const put = (key: "A" | "B", data: Float32Array, width: number): void => {
        const padded = new Float32Array(this.parameters.segment(partName(name, key)).elements);
        padded.set(data.subarray(0, r * width));
        this.parameters.write(partName(name, key), padded);
      };
      put("A", A.data, inputs);
      put("B", transpose(B.data, out, r), out);
    }
    for (const [name, { data }] of peft.saved) this.parameters.write(name, data);
  }

  destroy(): void {
    this.plans.destroy();
    this.parameters.destroy();
    for (const m of this.weights.values()) m.destroy();
  }
}

/** Name of an adapter's tensor at a site. */
export const partName = (site: string, key: string): string => `${site}.${adapters.lora.name}_${key}`;

const isAdapterPart = (t: Target, name: string): boolean => t.ranks.has(name.slice(0, name.lastIndexOf(".")));

/** (rows, columns) → (columns, rows). */
export function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j];
  return out;
}
