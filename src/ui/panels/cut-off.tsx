// cut-off.tsx — a run that was cut off by a reload, a crash or a closed tab: it is there, and goes on from its last state.
import { useEffect, useState } from "react";
import { useLibrary, useParts, useStudio } from "../context.ts";
import { cutOff, present } from "../library.ts";
import { working } from "../store.ts";
import { text } from "../strings.ts";

const words = text.library;

export function CutOff() {
  const { store, library } = useParts();
  const kept = useLibrary((state) => state.kept);
  const idle = useStudio((state) => state.run.state === "idle" || state.lookedAt !== null);
  const shown = useStudio((state) => state.lookedAt?.id);
  const busy = useStudio(working);
  const [dismissed, setDismissed] = useState<readonly string[]>([]);
  useEffect(() => void library.getState().refresh(), [library]);
  const run = present(kept).find((one) => cutOff(one) && !dismissed.includes(one.id));
  if (!run || !idle) return null;
  const { name, step, config, last } = run;
  return (
    <div className="notice cut-off" role="status" data-testid="cut-off">
      <p>{words.banner(name, step, config.train.steps)}</p>
      <div className="buttons">
        <button type="button" className="quiet" disabled={busy} onClick={() => void store.getState().continueRun(run)}>
          {last ? words.goOnFrom(last.step) : words.anew}
        </button>
        {shown !== run.id && (
          <button type="button" className="quiet" onClick={() => void store.getState().lookAt(run)}>
            {words.show}
          </button>
        )}
        <button type="button" className="link" onClick={() => setDismissed([...dismissed, run.id])}>
          {words.dismiss}
        </button>
      </div>
    </div>
  );
}
