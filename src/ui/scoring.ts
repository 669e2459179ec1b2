// scoring.ts — the scores of the modules before training, as the page keeps them: by proxy, and only as long as the
// configuration is one that would be scored the same.
import type { RunConfig, Scores } from "../protocol.ts";

export interface Scoring {
  state: "none" | "running" | "done";
  /** In passes, while running. */
  done: number;
  total: number;
  /** What was scored (see `scoredAs`). */
  key: string;
  /** By proxy, in the order of the sites. */
  scores: Readonly<Record<string, readonly number[]>>;
  /** How B was treated and why, by proxy. */
  notes: Readonly<Record<string, string>>;
}

export const noScoring: Scoring = { state: "none", done: 0, total: 0, key: "", scores: {}, notes: {} };

/** Two configurations with the same key have the same scores: budget, allocator and the course of the training do not matter. */
export function scoredAs({ model, data, method, r, lora_alpha, target_modules, rank_pattern, alpha_pattern, allocation, train }: RunConfig): string {
  const { seed, batch_size } = train;
  return JSON.stringify([
    model,
    data,
    method,
    r,
    lora_alpha,
    target_modules,
    rank_pattern,
    alpha_pattern,
    allocation?.batches,
    allocation?.B,
    seed,
    batch_size,
  ]);
}

/** The scores that `config` would allocate by; null: not scored yet, or something changed since. */
export function scoresOf(scoring: Scoring, config: RunConfig): readonly number[] | null {
  if (!config.allocation || scoring.key !== scoredAs(config)) return null;
  return scoring.scores[config.allocation.proxy] ?? null;
}

/** `scoring` with what a session answered about `config`. */
export function withScores(scoring: Scoring, config: RunConfig, { scores, notes }: Scores): Scoring {
  const key = scoredAs(config);
  const same = scoring.key === key;
  return {
    ...scoring,
    key,
    scores: { ...(same && scoring.scores), ...scores },
    notes: { ...(same && scoring.notes), ...notes },
  };
}
