// kernels.ts — every distinct op of a training step, timed by itself: GFLOP/s, GB/s, and what share of the step it takes. The list is read off the
// step's own graphs, so that it never misses one. Times are wall clock over many replays; the first is thrown away.

import { type Backend, type Memory, type Plan, type Range, aligned, whole } from "../engine/backend.ts";
import { type Graph, type Node, apply, capture, leaf, trace } from "../engine/graph.ts";
import type { Dispatch } from "../engine/op.ts";
import { inPlaceOf } from "../engine/passes/dead.ts";
import { optimise } from "../engine/passes/index.ts";
import { type Tensor, show, size } from "../engine/tensor.ts";
import type { BenchmarkRow } from "../protocol.ts";
import { flatLayout } from "../train/parameters.ts";
import { type StepCase, graphsOf } from "./step-case.ts";

export interface KernelOptions {
  /** Least time that one sample should take, and how many are taken; the best counts. */
  sampleMs: number;
  samples: number;
}

/** An op at one shape, and how often a step does it. */
interface Work {
  readonly node: Node;
  /** Which of its outputs the step reads. */
  readonly read: readonly boolean[];
  times: number;
  readonly launches: readonly Dispatch[];
  readonly flops: number;
  /** Read and written, each tensor once. */
  readonly bytes: number;
}

/** Launches that fit in a device's queue at once, where one alone is too short to be timed. */
const COPIES = 16;
const SHORT_MS = 1;

/** The distinct ops of a step, those with the most arithmetic first. */
export function worksOf(graphs: readonly Graph[]): Work[] {
  const works = new Map<string, Work>();
  for (const graph of graphs) {
    optimise(graph);
    const read = new Set([...graph.nodes.flatMap((n) => n.inputs), ...graph.captures.values()]);
    for (const node of graph.nodes) {
      if (node.op.view) continue;
      const launches = node.op.lower(node, { class: "cpu", maxStorageBufferBindingSize: Infinity });
      const tensors = [...node.inputs, ...node.outputs];
      const key = [node.op.name, ...launches.map((d) => d.kernel.name), ...tensors.map(show)].join(" ");
      const known = works.get(key);
      if (known) known.times++;
      else
        works.set(key, {
          node,
          read: node.outputs.map((t) => read.has(t)),
          times: 1,
          launches,
          flops: launches.reduce((sum, d) => sum + (d.flops ?? 0), 0),
          bytes: [...new Set(tensors)].reduce((sum, t) => sum + touched(node, t) * 4, 0),
        });
    }
  }
  return [...works.values()].sort((a, b) => b.flops * b.times - a.flops * a.times || b.bytes * b.times - a.bytes * a.times);
}

/** Elements of t that the op reads or writes: of a table it looks rows up in, as many as it writes. */
const touched = ({ op, outputs }: Node, t: Tensor): number => (op.name === "embedding" ? Math.min(size(t.shape), size(outputs[0].shape)) : size(t.shape));

/** Values that every op accepts: masks of ones, small indices, small numbers. */
function values(name: string, t: Tensor): Float32Array | Int32Array {
  const n = size(t.shape);
  if (t.dtype === "f32") return Float32Array.from({ length: n }, (_, i) => ((i * 2654435761) % 1000) / 1000 - 0.5);
  return name === "mask" ? new Int32Array(n).fill(1) : Int32Array.from({ length: n }, (_, i) => i % 16);
}

/** The op alone on leaves of its own, `copies` times side by side. */
function isolated({ node, read }: Work, copies: number, nameOf: (t: Tensor) => string): Graph {
  const { op, inputs, attrs } = node;
  return trace(() => {
    const inPlace = inPlaceOf(node);
    const written = new Set(inPlace.map(([, input]) => input));
    for (let i = 0; i < copies; i++) {
      const own = inputs.map((t, j) => leaf("state", written.has(j) ? `${nameOf(t)} of copy ${i}` : nameOf(t), t.shape, t.dtype));
      apply(op, own, attrs).forEach((t, out) => {
        if (read[out] && !inPlace.some(([at]) => at === out)) capture(`${i} ${out}`, t);
      });
    }
  }).graph;
}

/** One row per distinct op, then their sum. Stops after the row at hand when the consumer does. */
export async function* benchKernels(backend: Backend, step: StepCase, options: KernelOptions): AsyncGenerator<BenchmarkRow, void> {
  const graphs = graphsOf(step);
  const names = new Map(graphs.flatMap((g) => [...g.leaves.values()].map((l) => [l.tensor.id, l.name] as const)));
  const segments = segmentTable(graphs[0]);
  const group = `${backend.name}, kernels of the ${step.name}`;
  let sum = 0;
  for (const work of worksOf(graphs)) {
    const ms = await timeAlone(backend, work, (t) => names.get(t.id) ?? `value ${t.id}`, segments, options);
    sum += ms * work.times;
    const [gflops, gbytes] = [work.flops / ms / 1e6, work.bytes / ms / 1e6];
    yield {
      group,
      name: [...new Set(work.launches.map((d) => d.kernel.name))].join(" + "),
      ...(work.flops ? { value: gflops, unit: "GFLOP/s" } : { value: gbytes, unit: "GB/s" }),
      detail: `${work.node.inputs.slice(0, 2).map(show).join(" · ")} → ${show(work.node.outputs[0])}: ${round(ms)} ms, ${work.times} times a step${work.flops ? `, ${round(gbytes)} GB/s` : ""}`,
    };
  }
  yield { group, name: "all kernels, one by one", value: sum, unit: "ms", detail: "sum over a step" };
}

async function timeAlone(backend: Backend, work: Work, nameOf: (t: Tensor) => string, segments: Uint32Array, o: KernelOptions): Promise<number> {
  const memories = new Map<string, Memory>();
  const place = (name: string, t: Tensor): Range => {
    let made = memories.get(name);
    if (!made) {
      memories.set(name, (made = backend.memory(aligned(size(t.shape)), name)));
      backend.write({ ...whole(made), elements: size(t.shape) }, name.startsWith("segments") ? segments : values(name, t));
    }
    return whole(made);
  };
  const measure = async (copies: number): Promise<number> => {
    const plan = await backend.compile("kernel", isolated(work, copies, nameOf), (l) => place(l.name, l.tensor));
    const ms = await bestOf(backend, plan, o);
    plan.destroy();
    return ms / copies;
  };
  try {
    const ms = await measure(1);
    return backend.name === "webgpu" && ms < SHORT_MS ? Math.min(ms, await measure(COPIES)) : ms;
  } finally {
    for (const m of memories.values()) m.destroy();
  }
}

async function bestOf(backend: Backend, plan: Plan, { sampleMs, samples }: KernelOptions): Promise<number> {
  const batch = async (count: number): Promise<number> => {
    const began = performance.now();
    for (let i = 0; i < count; i++) await backend.run(plan);
    await backend.idle();
    return (performance.now() - began) / count;
  };
  await batch(1);
  let best = await batch(1);
  for (let i = 1; i < samples; i++) best = Math.min(best, await batch(Math.min(1000, Math.max(1, Math.ceil(sampleMs / best)))));
  return best;
}

/** The table that update kernels read: as in a run, so that they do a run's work. */
function segmentTable(micro: Graph): Uint32Array {
  const { segments } = flatLayout(micro);
  const words = new Uint32Array(segments.length * 8);
  segments.forEach((s, i) => words.set([s.offset, s.elements, 1, 0, new Uint32Array(Float32Array.of(1).buffer)[0]], i * 8));
  return words;
}

const round = (n: number): string => n.toPrecision(3);
