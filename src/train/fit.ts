// fit.ts — whether a run fits a device, decided before anything is allocated, and the nearest configuration that does.

import type { ModelConfig, Model } from "../models/model.ts";
import type { DeviceInfo, Problem, RunConfig, Suggestion } from "../protocol.ts";
import { type Estimate, estimate } from "./estimate.ts";
import { targetOf } from "./subject.ts";

type Computes = Parameters<typeof estimate>[2];

/** What a device holds, in bytes. */
export interface Room {
  /** One buffer, bound as a whole. */
  piece: number;
  /** Everything together. Infinity where nobody can tell. */
  total: number;
}

/** Bytes a wasm module can address, for everything. */
export const WASM_ROOM = 2 ** 32;

export const roomOf = ({ limits, room }: DeviceInfo, backend: string): Room => ({
  piece: backend === "webgpu" ? Math.min(limits.maxBufferSize ?? Infinity, limits.maxStorageBufferBindingSize ?? Infinity) : Infinity,
  total: Math.min(room ?? Infinity, backend === "wasm" ? WASM_ROOM : Infinity),
});

const n = (bytes: number): string => `${(bytes / 1e6).toLocaleString("en", { maximumFractionDigits: 0 })} MB`;

/** null: it fits. */
export function doesNotFit({ largest, memory }: Estimate, room: Room): Problem | null {
  const problem = (what: string): Problem => ({
    where: "memory",
    what,
    hint: "Take a smaller batch, shorter rows, checkpointing or a smaller model.",
    level: "error",
  });
  if (largest.bytes > room.piece) return problem(`${largest.what} needs ${n(largest.bytes)} in one piece, this device holds at most ${n(room.piece)}`);
  if (memory.total > room.total) return problem(`the run needs ${n(memory.total)}, this device has about ${n(room.total)} for it`);
  return null;
}

/** The nearest configuration that fits, least harm first: checkpointing, then smaller batches summed up to the same step, then shorter rows. */
export function nearestFit(base: { model: Model; config: ModelConfig }, config: RunConfig, room: Room, backend?: Computes): Suggestion | null {
  for (const candidate of candidates(config)) {
    if (doesNotFit(estimate(targetOf(base, candidate), candidate, backend), room)) continue;
    const changes = [
      [
        "train.gradient_checkpointing",
        String(candidate.train.gradient_checkpointing),
        candidate.train.gradient_checkpointing !== config.train.gradient_checkpointing,
      ],
      ["train.batch_size", String(candidate.train.batch_size), candidate.train.batch_size !== config.train.batch_size],
      [
        "train.gradient_accumulation_steps",
        String(candidate.train.gradient_accumulation_steps),
        candidate.train.gradient_accumulation_steps !== config.train.gradient_accumulation_steps,
      ],
      ["data.max_length", String(candidate.data.max_length), candidate.data.max_length !== config.data.max_length],
    ] as const;
    return { config: candidate, changes: changes.filter((c) => c[2]).map(([field, to]) => ({ field, to })) };
  }
  return null;
}

function* candidates(config: RunConfig): Generator<RunConfig> {
  const made = { ...config, train: { ...config.train, gradient_checkpointing: true } };
  yield made;
  const { batch_size: rows, gradient_accumulation_steps: passes } = config.train;
  let best = made;
  for (let batch = Math.floor(rows / 2); batch >= 1; batch = Math.floor(batch / 2)) {
    best = { ...made, train: { ...made.train, batch_size: batch, gradient_accumulation_steps: Math.ceil((rows * passes) / batch) } };
    yield best;
  }
  for (let T = Math.floor((config.data.max_length * 3) / 4 / 8) * 8; T >= 16; T = Math.floor((T * 3) / 4 / 8) * 8)
    yield { ...best, data: { ...best.data, max_length: T } };
}
