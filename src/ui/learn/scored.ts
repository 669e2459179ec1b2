// scored.ts — an experiment of the lesson: a configuration scored by some proxies, with progress and cancel. Used by every part of the lesson.
import { useMemo, useState } from "react";
import type { Problem, RunConfig, Scores } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { working } from "../store.ts";
import { scoredAs } from "../scoring.ts";
import { text } from "../strings.ts";

/** Calibration batches: few, so that an answer takes seconds. */
const batches = 4;

export interface Experiment {
  /** Null: not run yet, or the setup is another one since. */
  scores: Scores | null;
  running: { proxy: string; done: number; total: number } | null;
  problems: readonly Problem[];
  /** Whether there is a score by every proxy now. */
  run(): Promise<boolean>;
  cancel(): void;
}

/** The lesson's configuration: the visitor's where it has ranks, else the first run's. */
export function useLessonConfig(): RunConfig {
  const config = useStudio((state) => state.config);
  const first = useStudio((state) => state.catalogue.first);
  return useMemo(() => (config.method === "lora" ? config : { ...first, backend: config.backend }), [config, first]);
}

/** Something runs on the device already. */
export const useBusy = (): boolean => useStudio(working);

export function useExperiment(proxies: readonly string[], B: "auto" | "as-is" | "random"): Experiment {
  const { client, store } = useParts();
  const { allocation: usual, proxies: known } = useStudio((state) => state.catalogue);
  const setup = useLessonConfig();
  const config: RunConfig = { ...setup, allocation: { ...usual, batches, B } };
  const key = `${scoredAs(config)} ${proxies.join()}`;
  const [found, setFound] = useState<{ key: string; scores: Scores } | null>(null);
  const [running, setRunning] = useState<Experiment["running"]>(null);
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  return {
    scores: found?.key === key ? found.scores : null,
    running,
    problems,
    cancel: () => void store.getState().stop(),
    async run() {
      const before = store.getState().scoring.state;
      const mark = (state: typeof before) => store.setState(({ scoring }) => ({ scoring: { ...scoring, state, asked: [] } }));
      mark("running");
      setRunning({ proxy: "", done: 0, total: 0 });
      setProblems([]);
      try {
        const answer = await client.score(config, [...proxies], (proxy, done, total) => setRunning({ proxy, done, total }));
        if (!answer) return false;
        if ("problems" in answer) {
          setProblems(answer.problems);
          return false;
        }
        const failures = Object.entries(answer.failed ?? {}).map(([name, what]): Problem => {
          const where = known.find((one) => one.name === name)?.title ?? name;
          return { where, what, hint: "", level: "error" };
        });
        setProblems(failures);
        // Stopped half-way, what is complete comes back: a part of what the lesson compares is nothing to show.
        const complete = proxies.every((name) => name in answer.scores);
        if (complete) setFound({ key, scores: answer });
        return complete;
      } catch (error) {
        store.getState().fail({ what: error instanceof Error ? error.message : String(error), where: text.pages.learn });
        return false;
      } finally {
        setRunning(null);
        mark(before);
      }
    },
  };
}
