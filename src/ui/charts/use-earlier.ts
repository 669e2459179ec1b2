// use-earlier.ts — the runs one can compare with: those this page has seen, and those the session keeps, whose logs are read when they are asked for.
import { useCallback, useEffect, useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import type { RunConfig } from "../../protocol.ts";
import { useLibrary, useParts, useStudio } from "../context.ts";
import { active } from "../fold.ts";
import { present } from "../library.ts";
import { replay, type PastRun } from "../runs.ts";
import { text } from "../strings.ts";

export interface Earlier {
  id: string;
  name: string;
  config: RunConfig;
  steps: number;
}

/** The newest first, without the run that the page shows; `look` makes one of them there in the store. */
export function useEarlier(): { list: readonly Earlier[]; look(id: string): void } {
  const { client, store, library } = useParts();
  const { runs, shownId, going } = useStudio(
    useShallow((state) => ({ runs: state.runs, shownId: state.run.kept?.id, going: active(state.run) ? state.runConfig : null })),
  );
  const kept = useLibrary((state) => state.kept);
  useEffect(() => {
    if (!going) void library.getState().refresh();
  }, [library, going]);
  const list = useMemo(() => {
    const known = present(kept);
    const of = ({ id, name, config, run }: PastRun): Earlier => ({ id, name: known.find((one) => one.id === id)?.name ?? name, config, steps: run.moments.at(-1)?.step ?? 0 }); // prettier-ignore
    const rest = known.filter(({ id, step }) => step > 0 && !runs.some((one) => one.id === id));
    const all = [...runs.toReversed().map(of), ...rest.map(({ id, name, config, step }) => ({ id, name, config, steps: step }))];
    return all.filter(({ id }) => id !== shownId);
  }, [runs, kept, shownId]);
  const look = useCallback(
    (id: string) => {
      const one = present(library.getState().kept).find((run) => run.id === id);
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
    [client, store, library],
  );
  return { list, look };
}
