// run.ts — a model on a device, ready to train, evaluate and generate: weights uploaded, trainables initialised, plans at hand.
// It knows no data and no schedule; trainer.ts drives it.

import { adapters } from "../adapters/index.ts";
import { isShortcut, shortcut } from "../adapters/shortcut.ts";
import { type Backend, type Exact, type Memory, type Range, aligned, whole } from "../engine/backend.ts";
import type { Leaf } from "../engine/graph.ts";
import { hash } from "../engine/random.ts";
import { size } from "../engine/tensor.ts";
import { FormatError } from "../formats/error.ts";
import type { Checkpoint } from "../formats/safetensors.ts";
import type { Trained } from "../formats/shortcuts.ts";
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
  /** A run of the same model on the same backend whose weights are taken over; it is of no use afterwards. */
  weightsOf?: Run;
  onWeights?: (done: number, total: number) => void;
  onPipelines?: (done: number, total: number) => void;
}

/** The checkpoint holds every weight the model asks for, in the shape it asks for. Throws FormatError before anything is uploaded. */
export function checkWeights(checkpoint: Checkpoint, weights: readonly { name: string; shape: readonly number[] }[], where = "model.safetensors"): void {
  for (const w of weights) {
    if (!checkpoint.has(w.name)) throw new FormatError(where, `has no tensor "${w.name}"`, "Do config.json and the weights belong together?");
    const stored = checkpoint.shape(w.name);
    if (`${stored}` !== `${w.shape}`)
      throw new FormatError(
        where,
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
    /** Where each frozen weight lies, by Hugging Face name. */
    private readonly frozen: ReadonlyMap<string, Range>,
    /** Start of the base's own weights that are trained beside an adapter: a classifier's head. */
    private readonly wholes: ReadonlyMap<string, Float32Array>,
  ) {}

  /** Sites that are off: they add nothing, get no gradient, and keep values, moments and step. */
  private offSites: ReadonlySet<string> = new Set();
  get off(): ReadonlySet<string> {
    return this.offSites;
  }

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
    const places = new Map<string, Range>();
    try {
      for (const l of frozen) {
        const there = o.weightsOf?.weights.get(l.name);
        const memory = there ?? backend.memory(aligned(size(l.tensor.shape)), l.name);
        weights.set(l.name, memory);
        for (const p of l.parts) {
          places.set(p.name, { memory, offset: p.offset, elements: size(p.shape) });
          if (there) continue;
          const data = await checkpoint.read(p.name);
          backend.write({ memory, offset: p.offset, elements: data.length }, data);
          o.onWeights?.((done += data.length * 4), total);
        }
      }
    } catch (e) {
      for (const m of weights.values()) m.destroy();
      throw e;
    }

    for (const [name, m] of o.weightsOf?.weights ?? []) if (weights.get(name) !== m) m.destroy();

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
    const run = new Run(backend, target, parameters, plans, weights, places, wholes);
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

  /** Off: every site's scale is 0, the base answers. On: those of the sites that are on; a number: so many times these. */
  adapterOn(on: boolean | number): void {
    const scales = new Float32Array(this.target.scales.length);
    this.target.sites.forEach((s, i) => {
      if (on && !this.offSites.has(s.name)) scales[i] = this.target.scales[i] * Number(on);
    });
    this.plans.write("scales", scales);
  }

  /** Turns sites on and off: one scale and one flag each, between two steps. Costs no plan and no upload of weights. */
  allocate(off: ReadonlySet<string>): void {
    this.offSites = off;
    this.adapterOn(true);
    this.parameters.activate((name) => !off.has(name.slice(0, name.lastIndexOf("."))));
  }

  /** Goes back to a state, and to the sites that were on in it. */
  restore(state: Snapshot): void {
    this.parameters.restore(state);
    this.offSites = this.offIn(state);
    this.adapterOn(true);
  }

  /** Sites that are off in a state. */
  offIn(state: Snapshot): ReadonlySet<string> {
    const active = this.parameters.activeIn(state);
    return new Set([...this.target.ranks.keys()].filter((site) => !active.has(partName(site, "A"))));
  }

  /** A frozen weight as it lies on the device. */
  weight(name: string): Promise<Float32Array> {
    const range = this.frozen.get(name);
    if (!range) throw new Error(`"${name}" is no frozen weight of this run`);
    return this.backend.read(range);
  }

  /** Runs fn on the base: without the adapter and with the base's own head, or (full fine-tuning) with the trained weights as they were at the start. */
  asBase = <T>(start: Snapshot | null, fn: () => Promise<T>): Promise<T> => this.atStrength(start, 0, fn);

  /**
   * Runs fn with what was trained at a strength: 0 is the base, 1 as trained. Scales are multiplied; weights that are trained whole lie so far on the way
   * from the base's to theirs. To be called between steps, after which everything is as before.
   */
  async atStrength<T>(start: Snapshot | null, strength: number, fn: () => Promise<T>): Promise<T> {
    if (strength === 1) return fn();
    /** At 0 exactly the start, also where what was trained is not finite. */
    const between = <A extends Exact>(from: A, to: Exact): A => (strength === 0 ? from : (from.map((x, i) => x + strength * (to[i] - x)) as A));
    const now = start && (await this.parameters.snapshot());
    if (now) this.parameters.restore({ ...start, parameters: between(start.parameters, now.parameters) });
    else this.adapterOn(strength);
    const trained = new Map<string, Float32Array>();
    if (!start) for (const name of this.wholes.keys()) trained.set(name, await this.parameters.read(name));
    for (const [name, data] of trained) this.parameters.write(name, between(this.wholes.get(name)!, data));
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

  /** Takes the values of an adapter's files over. */
  load(trained: Trained): void {
    for (const [name, { r, A, B }] of trained.modules) {
      const { in: inputs, out } = this.target.sites.find((s) => s.name === name)!;
      const put = (key: "A" | "B", data: Float32Array, width: number): void => {
        const padded = new Float32Array(this.parameters.segment(partName(name, key)).elements);
        padded.set(data.subarray(0, r * width));
        this.parameters.write(partName(name, key), padded);
      };
      put("A", A.data, inputs);
      put("B", transpose(B.data, out, r), out);
    }
    for (const [name, { data }] of trained.saved) this.parameters.write(name, data);
  }

  /** Of everything but the weights, for a run that takes them over. */
  destroyAllButWeights(): void {
    this.plans.destroy();
    this.parameters.destroy();
  }

  destroy(): void {
    this.destroyAllButWeights();
    for (const m of this.weights.values()) m.destroy();
  }
}

/** Name of an adapter's tensor at a site. */
export const partName = (site: string, key: string): string => `${site}.${(isShortcut(site) ? shortcut : adapters.lora).name}_${key}`;

const isAdapterPart = (t: Target, name: string): boolean => t.ranks.has(name.slice(0, name.lastIndexOf(".")));

/** (rows, columns) → (columns, rows). */
export function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j];
  return out;
}
