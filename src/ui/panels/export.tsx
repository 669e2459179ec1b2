// export.tsx — the run as a zip. PEFT's adapter alone only where shortcuts are to be left out, and after a question.
import { useRef, useState } from "react";
import { useParts, useStudio } from "../context.ts";
import { bytes } from "../format.ts";
import { save } from "../save.ts";
import { text } from "../strings.ts";

export function Export() {
  const { client, store } = useParts();
  const plan = useStudio((state) => state.run.plan);
  const steps = useStudio((state) => state.run.steps.length);
  const cuts = useStudio((state) => state.run.sites.filter((site) => site.kind && site.r > 0).length);
  const [working, setWorking] = useState(false);
  const [saved, setSaved] = useState<string | null>(null);
  const run = async (only?: "peft") => {
    setWorking(true);
    try {
      const file = await client.export(only);
      if ("problems" in file) {
        for (const problem of file.problems) store.getState().fail(problem);
        return;
      }
      save(file.name, file.bytes as BlobPart, "application/zip");
      setSaved(text.export.saved(file.name, bytes(file.bytes.length)));
    } catch (error) {
      store.getState().fail({ what: String(error), where: text.export.button });
    } finally {
      setWorking(false);
    }
  };
  const off = working || steps === 0;
  return (
    <div className="export">
      <button type="button" className="quiet" data-testid="export" disabled={off} onClick={() => void run()}>
        {working ? text.export.working : text.export.button}
      </button>
      {cuts > 0 && <Bare cuts={cuts} off={off} onGo={() => void run("peft")} />}
      <span className="muted small number">
        {saved ?? (plan ? text.export.size(bytes(4 * plan.trainable)) : text.export.help)}
        {cuts > 0 && `. ${text.export.shortcuts(cuts)}`}
      </span>
    </div>
  );
}

/** Asks before shortcuts are lost. */
function Bare({ cuts, off, onGo }: { cuts: number; off: boolean; onGo: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" className="quiet" data-testid="export-peft" disabled={off} onClick={() => dialog.current?.showModal()}>
        {text.export.bare.open}
      </button>
      <dialog ref={dialog} className="sheet" aria-labelledby="bare-title" aria-describedby="bare-lost">
        <h2 id="bare-title">{text.export.bare.title}</h2>
        <p id="bare-lost">
          {text.export.bare.lost(cuts)} {text.export.bare.instead}
        </p>
        <form method="dialog" className="inline">
          <button className="quiet" autoFocus>
            {text.export.bare.stay}
          </button>
          <button className="quiet" data-testid="export-bare" onClick={onGo}>
            {text.export.bare.go}
          </button>
        </form>
      </dialog>
    </>
  );
}
