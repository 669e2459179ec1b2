// runs.tsx — the page of kept runs: the list with small curves, what can be done with each, and two to six of them compared.
import { useEffect, useRef, useState } from "react";
import { useLibrary, useParts, useStudio } from "../context.ts";
import { active } from "../fold.ts";
import { bytes } from "../format.ts";
import { present } from "../library.ts";
import { CompareRuns } from "../panels/compare-runs.tsx";
import { Faults } from "../panels/faults.tsx";
import { KeptRunRow } from "../panels/kept-run.tsx";
import { text } from "../strings.ts";
import type { PageName } from "../url.ts";

const words = text.library;
/** ms between two looks at the list: another tab, or a run that trains, may change it. */
const lookEvery = 3000;
/** A list this long can be filtered. */
const many = 6;

export function RunsPage({ go }: { go: (page: PageName) => void }) {
  const { library } = useParts();
  const kept = useLibrary((state) => state.kept);
  const said = useLibrary((state) => state.said);
  const training = useStudio((state) => active(state.run));
  const [filter, setFilter] = useState("");
  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible") void library.getState().refresh();
    };
    look();
    const timer = setInterval(look, lookEvery);
    return () => clearInterval(timer);
  }, [library, training]);
  const runs = present(kept);
  const found = runs.filter(({ name, tags }) => [name, ...tags].some((one) => one.toLowerCase().includes(filter.trim().toLowerCase())));
  return (
    <main className="text-page runs-page">
      <h1>{words.title}</h1>
      <p className="muted">{words.intro}</p>
      <Faults />
      <Storage count={runs.length} />
      {said && <p role="status">{said}</p>}
      <Deleted />
      {kept && runs.length === 0 && <p className="waiting">{words.none}</p>}
      {!kept && <p className="waiting">{words.loading}</p>}
      {runs.length > many && (
        <input type="search" aria-label={words.filter} placeholder={words.filter} value={filter} onChange={(event) => setFilter(event.target.value)} />
      )}
      {runs.length > 0 && found.length === 0 && <p className="waiting">{words.nothingFound(filter.trim())}</p>}
      <ul className="kept-runs" data-testid="runs">
        {found.map((run) => (
          <KeptRunRow key={run.id} run={run} go={go} />
        ))}
      </ul>
      {runs.length > 1 && <CompareRuns />}
    </main>
  );
}

/** How much is kept and what the browser promises; all runs in and out. */
function Storage({ count }: { count: number }) {
  const { library } = useParts();
  const kept = useLibrary((state) => state.kept);
  const busy = useLibrary((state) => state.busy);
  const chosen = useLibrary((state) => state.chosen);
  const picker = useRef<HTMLInputElement>(null);
  if (!kept) return null;
  const { fleeting, used, quota } = kept;
  const ids = chosen.length > 0 ? chosen : present(kept).map(({ id }) => id);
  return (
    <section className="storage" aria-label={text.library.title}>
      {fleeting && (
        <p className="notice">
          {fleeting} {words.fleeting}
        </p>
      )}
      <div className="storage-line">
        <p className="muted small">
          {words.storage(count, bytes(used), quota === null ? null : bytes(quota))}
          {!fleeting && <Persistence />}
        </p>
        <div className="buttons">
          <button type="button" className="quiet" title={words.importHelp} disabled={busy !== null} onClick={() => picker.current?.click()}>
            {words.import}
          </button>
          <button
            type="button"
            className="quiet"
            disabled={busy !== null || ids.length === 0}
            onClick={() => void library.getState().export(ids)}
            data-testid="export-runs"
          >
            {chosen.length > 0 ? words.exportChosen(chosen.length) : words.exportAll}
          </button>
        </div>
        <input
          ref={picker}
          type="file"
          accept=".zip"
          hidden
          data-testid="import-runs"
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (file) void library.getState().import(file);
          }}
        />
      </div>
      {busy && <p role="status">{busy}</p>}
    </section>
  );
}

/** Whether the browser may delete what is kept. */
function Persistence() {
  const [state, setState] = useState<"asked" | "may go" | "refused" | "stays">("asked");
  useEffect(() => {
    navigator.storage?.persisted?.().then(
      (stays) => setState(stays ? "stays" : "may go"),
      () => {},
    );
  }, []);
  const ask = () =>
    navigator.storage.persist().then(
      (stays) => setState(stays ? "stays" : "refused"),
      () => setState("refused"),
    );
  if (state === "asked") return null;
  const said = { stays: words.persisted, refused: words.refused, "may go": words.mayGo }[state];
  return (
    <>
      {" "}
      {said}{" "}
      {state === "may go" && (
        <button type="button" className="link" onClick={() => void ask()}>
          {words.persist}
        </button>
      )}
    </>
  );
}

/** Runs that were deleted, and the way back. */
function Deleted() {
  const { library } = useParts();
  const kept = useLibrary((state) => state.kept);
  const gone = kept?.runs.filter((run) => run.deleted !== undefined) ?? [];
  if (gone.length === 0) return null;
  return (
    <div className="notice" role="status">
      {gone.map(({ id, name }) => (
        <p key={id} className="inline">
          {words.deleted(name)}
          <button type="button" className="link" onClick={() => void library.getState().takeBack(id)}>
            {words.undo}
          </button>
        </p>
      ))}
      <button type="button" className="link" onClick={() => void library.getState().sweep()}>
        {words.forGood}
      </button>
    </div>
  );
}
