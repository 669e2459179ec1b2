// proxy.ts — what a proxy is: a probe (which passes to run) and what it makes of what they leave behind. One score per adapted site; more is better.
// Loss gradients are those of the factors A and B, summed over the calibration batches, always the same ones. Zhang et al. 2024, arXiv 2406.14956

import type { SegmentExpression } from "../ops/segment-sums.ts";

/** Of one site: what belongs to A and what to B. */
export interface Pair {
  readonly A: number;
  readonly B: number;
}

export interface Unsigned {
  /** Σ of the logits (SynFlow), or the training loss on the first batch (HeteroLoRA's authors). */
  readonly objective: "loss" | "logits";
}

/** The network that is scored, with all sites on. Everything throws Cancelled when the person stops. Arrays are in the order of `sites`. */
export interface Probe {
  readonly sites: readonly string[];
  /** Runs the calibration batches forward and backward; the summed gradient stays in the flat buffer. */
  gradients(): Promise<void>;
  /** Per site, Σ over its factors of an expression of parameters p and the gradient g that is there. */
  sums(of: SegmentExpression): Promise<Pair[]>;
  /** Σ |p · ∂R/∂p| of the network whose every weight is without its sign, on inputs of ones. */
  unsigned(o: Unsigned): Promise<Pair[]>;
  /** Σ over the batches of Σ_channels ½ mean_rows (Σ_t a · ∂L/∂a)², a = a site's low-rank output. */
  fisher(): Promise<number[]>;
  /** Per site Σ p · (H g): g the summed gradient, H its own derivative, over all factors. */
  curvature(): Promise<number[]>;
  /** Mean loss of the batches, nats; with a gain, that site's whole output (base and branch) is multiplied by it; of a shortcut the branch alone. */
  loss(gain?: { readonly site: string; readonly by: number }): Promise<number>;
  /** ∂ Σ logits / ∂ embeddings, a row per calibration row. */
  inputGradients(): Promise<Float32Array[]>;
  /** ‖W‖_F of each site's frozen weight: of a residual's identity √C, of a shortcut's zero 0. */
  weightNorms(): Promise<number[]>;
}

interface Described {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly paper?: string;
  /** Which network it runs: the training graph, or one of probe-graphs.ts; none. */
  readonly probe: "gradients" | "fisher" | "unsigned" | "gains" | "inputs" | "none";
  /** What it costs, in training passes (forward and backward) over k batches and n sites. */
  passes(k: number, n: number): number;
}

export interface RankProxy extends Described {
  /** At LoRA's start, B = 0: of use ("holds"), 0 everywhere ("vanishes"), or in reverse order ("reverses"). */
  readonly atZero: "holds" | "vanishes" | "reverses";
  /** The value is the same for all sites on purpose: the choice is a random one. */
  readonly random?: true;
  score(probe: Probe): Promise<number[]>;
}

/** One number for a whole network: it cannot rank sites. */
export interface Figure extends Described {
  figure(probe: Probe): Promise<number>;
}

/** The person stopped; whoever probes puts everything back. */
export class Cancelled extends Error {
  override name = "Cancelled";
}

/** Scores that are no numbers are an error, never a rank. Throws RangeError naming the site. */
export function checkFinite(proxy: string, sites: readonly string[], scores: readonly number[]): void {
  const i = scores.findIndex((s) => !Number.isFinite(s));
  if (i >= 0) throw new RangeError(`${proxy} of ${sites[i]} is ${scores[i]}: no allocation can be made of that. Take another proxy, such as grad-norm.`);
}
