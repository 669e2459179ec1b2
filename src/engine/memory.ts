// memory.ts — where every tensor of a graph lies. Leaves are placed by the caller, captures get memory of their own, all else shares a pool of
// whole-buffer slots: lifetimes, then greedy by size (arXiv 2001.03288). Slots, not one arena, because WebGPU refuses a buffer that one launch
// both reads and writes, even at disjoint ranges. Pure: the bytes are known before a device exists.

import type { Graph, Leaf, Node } from "./graph.ts";
import { inPlaceOf } from "./passes/dead.ts";
import { type Tensor, size } from "./tensor.ts";

export type Place = { readonly leaf: Leaf } | { readonly slot: number } | { readonly capture: string };

export interface Layout {
  readonly nodes: readonly Node[];
  readonly place: ReadonlyMap<number, Place>;
  /** Elements of each slot. */
  readonly slots: readonly number[];
  /** Copies to make before node i: an in-place op whose input is still needed afterwards. */
  readonly copies: ReadonlyMap<number, readonly { from: Tensor; to: Tensor }[]>;
}

interface Storage {
  leaf?: Leaf;
  capture?: string;
  elements: number;
  from: number;
  to: number;
  slot: number;
}

/** Whole vec4s, so that kernels may read and write past a ragged end. */
const slotElements = (t: Tensor): number => Math.max(4, (size(t.shape) + 3) & ~3);

export function layOut(graph: Graph): Layout {
  const { nodes } = graph;
  const root = new Map<number, number>(); // a view's tensor → the tensor it looks at
  const rootOf = (t: Tensor): number => root.get(t.id) ?? t.id;
  for (const node of nodes) if (node.op.view) root.set(node.outputs[0].id, rootOf(node.inputs[0]));

  const lastRead = new Map<number, number>();
  nodes.forEach((node, i) => {
    if (!node.op.view) for (const t of node.inputs) lastRead.set(rootOf(t), i);
  });
  for (const t of graph.captures.values()) lastRead.set(rootOf(t), Infinity);

  const storage = new Map<number, Storage>();
  for (const l of graph.leaves.values()) storage.set(l.tensor.id, { leaf: l, elements: size(l.tensor.shape), from: -1, to: Infinity, slot: -1 });
  const stored = (t: Tensor): Storage => storage.get(rootOf(t))!;

  const copies = new Map<number, { from: Tensor; to: Tensor }[]>();
  nodes.forEach((node, i) => {
    if (node.op.view) return;
    const over = new Map(inPlaceOf(node));
    node.outputs.forEach((t, out) => {
      const input = over.has(out) ? node.inputs[over.get(out)!] : null;
      const needed = lastRead.get(t.id) ?? i;
      if (input) {
        const s = stored(input);
        const readLater = lastRead.get(rootOf(input))! > i;
        if (s.leaf && readLater) throw new Error(`${t.site} updates "${s.leaf.name}", whose value before the update is still read later`);
        if (!readLater) {
          s.to = Math.max(s.to, needed);
          storage.set(t.id, s);
          return;
        }
        copies.set(i, [...(copies.get(i) ?? []), { from: input, to: t }]);
      }
      storage.set(t.id, { elements: slotElements(t), from: i, to: needed, slot: -1 });
    });
  });
  for (const [name, t] of graph.captures) if (!stored(t).leaf) stored(t).capture ??= name;

  const slots = assignSlots([...new Set(storage.values())].filter((s) => !s.leaf && !s.capture));
  const place = new Map<number, Place>();
  const placeOf = (s: Storage): Place => (s.leaf ? { leaf: s.leaf } : s.capture ? { capture: s.capture } : { slot: s.slot });
  for (const [id, s] of storage) place.set(id, placeOf(s));
  for (const [id, to] of root) place.set(id, placeOf(storage.get(to)!));
  return { nodes, place, slots, copies };
}

function assignSlots(storages: Storage[]): number[] {
  const slots: { elements: number; held: Storage[] }[] = [];
  for (const s of storages.sort((a, b) => b.elements - a.elements || a.from - b.from)) {
    // Sorted by size: every slot is large enough; the smallest free one wastes least.
    let best = -1;
    slots.forEach((slot, i) => {
      if (slot.held.every((h) => h.to < s.from || s.to < h.from)) best = i;
    });
    if (best < 0) best = slots.push({ elements: s.elements, held: [] }) - 1;
    s.slot = best;
    slots[best].held.push(s);
  }
  return slots.map((s) => s.elements);
}

/** Replays the layout symbolically: every read must find the value that was written. Throws on the first that does not. */
export function checkLayout(graph: Graph, layout: Layout): void {
  const key = (p: Place): string => ("leaf" in p ? `leaf ${p.leaf.tensor.id}` : "slot" in p ? `slot ${p.slot}` : `capture ${p.capture}`);
  const holds = new Map<string, number>();
  const value = new Map<number, number>(); // view → tensor whose value it shows
  const valueOf = (t: Tensor): number => value.get(t.id) ?? t.id;
  for (const l of graph.leaves.values()) holds.set(key({ leaf: l }), l.tensor.id);
  layout.nodes.forEach((node, i) => {
    const read = (t: Tensor): void => {
      const k = key(layout.place.get(t.id)!);
      if (holds.get(k) !== valueOf(t)) throw new Error(`memory plan: ${node.outputs[0].site} reads ${t.site} from ${k}, which holds tensor ${holds.get(k)}`);
    };
    if (node.op.view) return void value.set(node.outputs[0].id, valueOf(node.inputs[0]));
    node.inputs.forEach(read);
    const over = new Map(inPlaceOf(node));
    const copied = new Set((layout.copies.get(i) ?? []).map((c) => c.to.id));
    const reads = new Set(node.inputs.filter((_, j) => ![...over.values()].includes(j)).map((t) => key(layout.place.get(t.id)!)));
    node.outputs.forEach((t, out) => {
      const k = key(layout.place.get(t.id)!);
      if (reads.has(k)) throw new Error(`memory plan: ${t.site} writes ${k} while reading it`);
      if (over.has(out) && !copied.has(t.id) && k !== key(layout.place.get(node.inputs[over.get(out)!].id)!))
        throw new Error(`memory plan: ${t.site} is not in place`);
      holds.set(k, t.id);
    });
  });
  for (const [name, t] of graph.captures)
    if (holds.get(key(layout.place.get(t.id)!)) !== valueOf(t)) throw new Error(`memory plan: capture "${name}" was overwritten`);
}
