// head.ts — a classifier's head before training: the checkpoint's, where it tells as many classes apart; else N(0, 0.02²), seeded by name, and biases 0.

import { hash } from "../engine/random.ts";
import { size } from "../engine/tensor.ts";
import type { Checkpoint } from "../formats/safetensors.ts";
import { type Base, isHead, weightsOf } from "./graphs.ts";

const DEVIATION = 0.02;

/** Weights of the head that the checkpoint does not hold, or not for as many classes. */
export function missingHead(checkpoint: Checkpoint, base: Base): { name: string; shape: readonly number[] }[] {
  if (!base.classes) return [];
  const head = weightsOf(base.model, base.config, base.classes).filter((w) => isHead(base, w.name));
  const fits = head.every(({ name, shape }) => checkpoint.has(name) && `${checkpoint.shape(name)}` === `${shape}`);
  return fits ? [] : head;
}

/** The checkpoint, with a new head where its own does not serve the task. */
export function withHead(checkpoint: Checkpoint, base: Base, seed: number): Checkpoint {
  const made = new Map(missingHead(checkpoint, base).map(({ name, shape }) => [name, shape]));
  if (!made.size) return checkpoint;
  return {
    ...checkpoint,
    names: () => [...new Set([...checkpoint.names(), ...made.keys()])],
    has: (name) => made.has(name) || checkpoint.has(name),
    shape: (name) => made.get(name) ?? checkpoint.shape(name),
    dtype: (name) => (made.has(name) ? "F32" : checkpoint.dtype(name)),
    read: async (name) => (made.has(name) ? fresh(name, made.get(name)!, seed) : checkpoint.read(name)),
    bytes: async (name) => (made.has(name) ? new Uint8Array(fresh(name, made.get(name)!, seed).buffer) : checkpoint.bytes(name)),
  };
}

function fresh(name: string, shape: readonly number[], seed: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(size(shape));
  if (shape.length === 1) return data;
  const key = [...name].reduce((h, c) => hash(h, c.charCodeAt(0)), seed);
  // Box and Muller: two uniform numbers make a normal one.
  const uniform = (i: number): number => (hash(key, i) + 0.5) / 2 ** 32;
  return data.map((_, i) => DEVIATION * Math.sqrt(-2 * Math.log(uniform(2 * i))) * Math.cos(2 * Math.PI * uniform(2 * i + 1)));
}
