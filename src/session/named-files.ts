// named-files.ts — the visitor's own files that a run or a comparison needs: what their `file:` sources name.

import type { RunConfig } from "../protocol.ts";
import type { Comparison } from "../protocol/comparison.ts";
import { configOf } from "../train/compare.ts";

const named = (sources: readonly (string | null)[]): string[] =>
  sources.flatMap((source) => (source?.startsWith("file:") ? [source.slice("file:".length)] : []));

export const filesOfRun = ({ model, data }: Pick<RunConfig, "model" | "data">): string[] => named([model.source, data.source, data.eval_source]);

export const filesOfComparison = (comparison: Comparison): string[] => [
  ...new Set([...comparison.arms.flatMap((arm) => filesOfRun(configOf(comparison, arm, comparison.seeds[0]))), ...named([comparison.test])]),
];
