// export.tsx — the adapter as a zip.
import { useState } from "react";
import { useParts, useStudio } from "../context.ts";
import { bytes } from "../format.ts";
import { save } from "../save.ts";
import { text } from "../strings.ts";

export function Export() {
  const { client, store } = useParts();
  const plan = useStudio((state) => state.run.plan);
  const steps = useStudio((state) => state.run.steps.length);
  const [working, setWorking] = useState(false);
  const [saved, setSaved] = useState<string | null>(null);
  const run = async () => {
    setWorking(true);
    try {
      const file = await client.export();
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
  return (
    <div className="export">
      <button type="button" className="quiet" data-testid="export" disabled={working || steps === 0} onClick={() => void run()}>
        {working ? text.export.working : text.export.button}
      </button>
      <span className="muted small number">{saved ?? (plan ? text.export.size(bytes(4 * plan.trainable)) : text.export.help)}</span>
    </div>
  );
}
