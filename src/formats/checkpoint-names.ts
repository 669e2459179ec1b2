// checkpoint-names.ts — a checkpoint under today's names: of a body saved by itself, whose names lack the body's ("bert."), and of files from before
// layer norms had a weight and a bias (gamma, beta).

import type { Checkpoint } from "./checkpoint.ts";

/** body: name of the body inside a model with a head. A name that the checkpoint holds as it is comes first. */
export function underNames(checkpoint: Checkpoint, body: string): Checkpoint {
  const old = (name: string): string => name.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta");
  const bare = (name: string): string => (name.startsWith(`${body}.`) ? name.slice(body.length + 1) : name);
  const held = (name: string): string => [name, bare(name), old(name), old(bare(name))].find((n) => checkpoint.has(n)) ?? name;
  return {
    ...checkpoint,
    has: (name) => checkpoint.has(held(name)),
    shape: (name) => checkpoint.shape(held(name)),
    dtype: (name) => checkpoint.dtype(held(name)),
    read: (name) => checkpoint.read(held(name)),
    bytes: (name) => checkpoint.bytes(held(name)),
  };
}
