// export.tsx — the run as a zip, and its model with the adapter in its weights. PEFT's adapter alone only where shortcuts are to be left out, and after a
// question.
import { useRef, useState } from "react";
import type { ExportedFile, Problem } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { bytes } from "../format.ts";
import { save } from "../save.ts";
import { text } from "../strings.ts";
import { useChanged } from "../use-changed.ts";

export function Export() {
  const { client, store } = useParts();
  const plan = useStudio((state) => state.run.plan);
  /** It has made a step, or is an adapter that is only tried. */
  const there = useStudio(({ run }) => run.steps.length > 0 || (run.plan !== null && run.state === "stopped"));
  const cuts = useStudio((state) => state.run.sites.filter((site) => site.kind && site.r > 0).length);
  const [working, setWorking] = useState<"zip" | "merged" | null>(null);
  const [share, setShare] = useState(0);
  const [saved, setSaved] = useState<string | null>(null);
  const id = useStudio((state) => state.run.kept?.id);
  useChanged(id, () => setSaved(null));
  const run = async (what: "zip" | "merged", make: () => Promise<ExportedFile | { problems: Problem[] } | null>) => {
    setWorking(what);
    setShare(0);
    try {
      const file = await make();
      if (file === null) return setSaved(text.export.cancelled);
      if ("problems" in file) {
        for (const problem of file.problems) store.getState().fail(problem);
        return;
      }
      save(file.name, file.bytes as BlobPart, "application/zip");
      setSaved(text.export.saved(file.name, bytes(file.bytes.length)));
    } catch (error) {
      store.getState().fail({ what: String(error), where: text.export.title });
    } finally {
      setWorking(null);
    }
  };
  const off = working !== null || !there;
  const low = plan?.sites.reduce((sum, site) => sum + (site.r > 0 ? site.parameters : 0), 0) ?? 0;
  const full = plan !== null && low === 0;
  return (
    <div className="export" role="group" aria-label={text.export.title}>
      <button type="button" className="quiet" data-testid="export" disabled={off} onClick={() => void run("zip", () => client.export())}>
        {working === "zip" ? text.export.working : full ? text.export.full : text.export.button}
      </button>
      {!full && cuts === 0 && (
        <button
          type="button"
          className="quiet"
          data-testid="export-merged"
          disabled={off}
          onClick={() => void run("merged", () => client.exportMerged((done, total) => setShare(done / total)))}
        >
          {text.export.merged}
        </button>
      )}
      {cuts > 0 && <Bare cuts={cuts} off={off} onGo={() => void run("zip", () => client.export("peft"))} />}
      {working === "merged" && (
        <>
          <progress value={share} max={1} aria-label={text.export.merging(`${Math.round(100 * share)} %`)} />
          <button type="button" className="quiet" data-testid="cancel-merged" onClick={() => void client.cancelMerged()}>
            {text.export.cancel}
          </button>
        </>
      )}
      <span className="muted small number" role="status">
        {saved ?? (plan ? text.export.size(bytes(4 * (full ? plan.total : plan.trainable))) : text.export.help)}
        {cuts > 0 && `. ${text.export.shortcuts(cuts)} ${text.export.notMerged}`}
        {saved === null && plan && !full && cuts === 0 && `. ${text.export.mergedHelp(bytes(4 * (plan.total - low)))}`}
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
