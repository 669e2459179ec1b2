// allocation.ts — the part of the protocol that is about where the rank goes: scores, budgets, allocations. Types only.

import type { SiteInfo } from "../protocol.ts";

export interface AllocationConfig {
  proxy: string;
  allocator: string;
  /** Modules that are on; trained numbers; or the share of either. */
  budget: { modules: number } | { parameters: number } | { share: number };
  when: "static" | "dynamic";
  /** Share of an epoch between two re-allocations. */
  realloc_N: number;
  /** Calibration batches: the first ones of the unshuffled training rows. */
  batches: number;
  /** B while scoring. auto: random where it is 0 and the score would vanish. */
  B: "auto" | "as-is" | "random" | "warm-up";
  /** Where ranks are free: bounds, and the step between them. max_rank null: four times r. */
  min_rank: number;
  max_rank: number | null;
  rank_step: number;
  /** Modules, by name or path, that keep their rank whatever their score. */
  locked: string[];
  /** Modules that get nothing. */
  excluded: string[];
  /** For the allocator "manual": ranks by module; the others keep theirs. */
  ranks: Record<string, number>;
  /** Epochs in which the choice is a random one. */
  first_epochs_random: number;
  /** Share of the run after which the allocation stays. */
  stop_after: number;
  /** HeteroLoRA's shortcuts beside the modules: with a budget of their own, or in one ranking with them. */
  shortcuts: "off" | "separated" | "combined";
  /** Their rank and alpha; whether the block's norm stands behind one that comes in ("norm", the authors' form). */
  shortcut_r: number;
  shortcut_alpha: number;
  shortcut_form: "plain" | "norm";
}

/** Arrays in the order of plan.sites; what is not adapted has score 0 and rank 0. Rank 0: off. spent and budget in `unit`. milliseconds: of scoring and all. */
export type AllocationEvent = {
  type: "allocation";
  step: number;
  proxy: string;
  scores: number[];
  ranks: number[];
  budget: number;
  spent: number;
  unit: "modules" | "parameters";
  milliseconds: number;
};

/** Known before the start. */
export interface ScoringCost {
  /** In training passes (forward and backward of a batch). */
  passes: number;
  /** Floating-point operations. */
  flops: number;
  /** Of activations while scoring, to compare with memory.activations. */
  bytes: number;
  /** Null before anything was measured on this device. */
  seconds: number | null;
}

/** What the modules are worth to each proxy. */
export interface Scores {
  sites: SiteInfo[];
  /** By proxy, in the order of sites; 0 where nothing is adapted. */
  scores: Record<string, number[]>;
  /** By name: one number for the whole network. */
  figures: Record<string, number>;
  milliseconds: Record<string, number>;
  /** How B was treated and why, by proxy. */
  notes: Record<string, string>;
  /** What is wrong with its scores, by proxy: such a proxy has none. Absent where nothing is. */
  failed?: Record<string, string>;
}

/** What an allocator makes of scores. */
export interface Allocated {
  /** In the order of sites; 0: off. */
  ranks: number[];
  budget: number;
  spent: number;
  unit: "modules" | "parameters";
  notes: string[];
}
