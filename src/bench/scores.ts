// scores.ts — what a scoring costs beside training: the proxies that take one pass per batch against as many micro-steps (forward and backward) of the
// same run, one turn after the other, so that whatever else the machine does falls on all alike.

import type { BenchmarkRow } from "../protocol.ts";
import { proxies } from "../proxies/index.ts";
import { type AnyBatch, writeBatch } from "../train/evaluate.ts";
import type { Run } from "../train/run.ts";
import { firstRun } from "../train/config.ts";
import { scoreSites } from "../train/score.ts";

const measured = ["grad-norm", "snip", "fisher"] as const;

/** Per proxy the time of its best turn over that of the best turn of micro-steps. Calls `onTurn` after each. */
export async function benchScores(run: Run, batches: readonly AnyBatch[], rounds: number, onTurn: () => void): Promise<BenchmarkRow[]> {
  const micros = async (): Promise<void> => {
    for (const batch of batches) {
      const micro = await run.plans.micro(batch.B, batch.T);
      writeBatch(run, batch);
      await run.backend.run(micro);
    }
    run.parameters.clearGradients();
  };
  const turns: [string, () => Promise<unknown>][] = [
    ["micro-steps", micros],
    ...measured.map((name): [string, () => Promise<unknown>] => [
      name,
      () => scoreSites(run, proxies[name], batches, { B: "auto", seed: 0, train: firstRun.train }),
    ]),
  ];
  const times = new Map(turns.map(([name]) => [name, [] as number[]]));
  for (let round = -1; round < rounds; round++)
    for (const [name, turn] of turns) {
      await run.backend.idle();
      const began = performance.now();
      await turn();
      await run.backend.idle();
      if (round >= 0) times.get(name)!.push(performance.now() - began); // the first round makes plans
      onTurn();
    }
  const best = (name: string): number => Math.min(...times.get(name)!);
  const group = `${run.backend.name}, scores over ${batches.length} batches`;
  return [
    { group, name: "micro-steps", value: best("micro-steps"), unit: "ms", detail: `forward and backward of ${batches.length} batches; best of ${rounds}` },
    ...measured.map((name) => ({
      group,
      name,
      value: best(name) / best("micro-steps"),
      unit: "×",
      detail: `of the micro-steps; ${Math.round(best(name))} ms`,
    })),
  ];
}
