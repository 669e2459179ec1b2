// scoring.ts — the scores of the modules before training, as the page keeps them: by proxy, and only as long as the
// configuration is one that would be scored the same.
import type { Catalogue, RunConfig, Scores } from "../protocol.ts";

export interface Scoring {
  state: "none" | "running" | "done";
  /** While running: all that is being scored, which of them now, and how far, in passes. */
  asked: readonly string[];
  proxy: string;
  done: number;
  total: number;
  /** What was scored (see `scoredAs`). */
  key: string;
  /** By proxy, in the order of the sites. */
  scores: Readonly<Record<string, readonly number[]>>;
  /** How B was treated and why, by proxy. */
  notes: Readonly<Record<string, string>>;
  /** By name: one number for the whole network. */
  figures: Readonly<Record<string, number>>;
  milliseconds: Readonly<Record<string, number>>;
  /** What is wrong with a proxy's scores, by proxy. */
  failed: Readonly<Record<string, string>>;
}

export const noScoring: Scoring = {
  state: "none",
  asked: [],
  proxy: "",
  done: 0,
  total: 0,
  key: "",
  scores: {},
  notes: {},
  figures: {},
  milliseconds: {},
  failed: {},
};

/** What the allocation of `config` goes by; null: there is none. */
export function decidedBy({ allocators }: Pick<Catalogue, "allocators">, { allocation }: RunConfig): "scores" | "hand" | "nothing" | null {
  return allocation && (allocators.find(({ name }) => name === allocation.allocator)?.by ?? "scores");
}

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
    allocation?.shortcuts !== "off" && [allocation?.shortcut_r, allocation?.shortcut_alpha, allocation?.shortcut_form],
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
export function withScores(scoring: Scoring, config: RunConfig, answer: Scores): Scoring {
  const key = scoredAs(config);
  const before = scoring.key === key ? scoring : noScoring;
  const { failed = {} } = answer;
  const well = Object.entries(before.failed).filter(([name]) => !(name in answer.milliseconds));
  return {
    ...scoring,
    key,
    scores: { ...before.scores, ...answer.scores },
    notes: { ...before.notes, ...answer.notes },
    figures: { ...before.figures, ...answer.figures },
    milliseconds: { ...before.milliseconds, ...answer.milliseconds },
    failed: { ...Object.fromEntries(well), ...failed },
  };
}
