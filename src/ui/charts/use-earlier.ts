// use-earlier.ts — the runs one can compare with: those this page has seen, and those the session keeps, whose logs are read when they are asked for.
import { useCallback, useEffect, useMemo, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import type { RunConfig } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { active } from "../fold.ts";
import { replay } from "../runs.ts";
import { text } from "../strings.ts";

export interface Earlier {
  id: string;
  name: string;
  config: RunConfig;
  steps: number;
}

/** The newest first, without the run that the page shows; `look` makes one of them there in the store. */
export function useEarlier(): { list: readonly Earlier[]; look(id: string): void } {
  const { client, store } = useParts();
  const { runs, shownId, going } = useStudio(
    useShallow((state) => ({ runs: state.runs, shownId: state.run.kept?.id, going: active(state.run) ? state.runConfig : null })),
  );
  const [kept, setKept] = useState<readonly Earlier[]>([]);
  useEffect(() => {
    if (going) return;
    let here = true;
    client.runs().then(
      (answer) => {
        const there = answer.runs.filter(({ step, deleted }) => step > 0 && deleted === undefined);
        if (here) setKept(there.map(({ id, name, config, step }) => ({ id, name, config, steps: step })));
      },
      // Where nothing can be kept, what this page has seen is all there is; the Runs page says why.
      () => {},
    );
    return () => {
      here = false;
    };
  }, [client, going]);
  const list = useMemo(() => {
    const seen = runs.toReversed().map(({ id, name, config, run }) => ({ id, name, config, steps: run.moments.at(-1)?.step ?? 0 }));
    const rest = kept.filter(({ id }) => !seen.some((one) => one.id === id));
    return [...seen, ...rest].filter(({ id }) => id !== shownId);
  }, [runs, kept, shownId]);
  const look = useCallback(
    (id: string) => {
      const one = kept.find((run) => run.id === id);
      if (!one || store.getState().runs.some((run) => run.id === id)) return;
      client.runEvents(id).then(
        (events) => {
          const run = replay(events);
          if (run.moments.length > 0) store.getState().keepRun({ id, name: one.name, config: one.config, run });
          else store.getState().fail({ what: text.difference.empty, where: one.name });
        },
        (error: unknown) => store.getState().fail({ what: String(error), where: one.name }),
      );
    },
    [client, store, kept],
  );
  return { list, look };
}
