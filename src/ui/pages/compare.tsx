// compare.tsx — the page of comparisons: arms at an equal number of trained parameters, a queue of their runs, and what may be concluded.
import { useEffect, useRef } from "react";
import { Authors } from "../compare/authors.tsx";
import "../compare/compare.css";
import { Design } from "../compare/design.tsx";
import { Queue } from "../compare/queue.tsx";
import { Results } from "../compare/results.tsx";
import { fixed } from "../compare/store.ts";
import { useCompared, useParts } from "../context.ts";
import { Faults } from "../panels/faults.tsx";
import { text } from "../strings.ts";
import type { PageName } from "../url.ts";

const words = text.comparison;
/** ms between two looks at a comparison that another tab has, or that this one had before a reload: it is let go some time. */
const lookEvery = 3000;

export function ComparePage({ go }: { go: (page: PageName) => void }) {
  const { compared } = useParts();
  const kept = useCompared((state) => state.kept);
  const draft = useCompared((state) => state.draft);
  const elsewhere = useCompared((state) => state.kept?.some((one) => one.holder === "elsewhere") ?? false);
  useEffect(() => void compared.getState().refresh(), [compared]);
  useEffect(() => {
    if (!elsewhere) return;
    const timer = setInterval(() => void compared.getState().refresh(), lookEvery);
    return () => clearInterval(timer);
  }, [compared, elsewhere]);
  return (
    <main className="text-page compare-page">
      <h1>{words.title}</h1>
      <p className="muted">{words.intro}</p>
      <Faults />
      {kept === null ? <p className="waiting">{words.loading}</p> : <Kept />}
      {draft && (
        <>
          <Design go={() => go("train")} />
          <Queue />
          <Results />
        </>
      )}
      <Authors />
    </main>
  );
}

/** Which comparison is shown; new ones, files, and the way back from deleting. */
function Kept() {
  const { compared } = useParts();
  const kept = useCompared((state) => state.kept)!;
  const fleeting = useCompared((state) => state.fleeting);
  const id = useCompared((state) => state.id);
  const name = useCompared((state) => state.name);
  const gone = useCompared((state) => state.gone);
  const running = useCompared((state) => state.running);
  const disabled = useCompared(fixed);
  const creating = useCompared((state) => state.creating);
  const picker = useRef<HTMLInputElement>(null);
  const state = compared.getState();
  return (
    <section className="comparison-kept" aria-label={words.choose}>
      {fleeting && (
        <p className="notice">
          {fleeting} {words.fleeting}
        </p>
      )}
      {gone && (
        <p className="notice inline" role="status">
          {words.deleted(gone.name)}
          <button type="button" className="link" onClick={() => void state.takeBack()}>
            {words.undo}
          </button>
        </p>
      )}
      {kept.length === 0 && (
        <div className="comparison-none">
          <p>{words.none}</p>
          <p className="muted">{words.noneHelp}</p>
        </div>
      )}
      <div className="comparison-head">
        {kept.length > 1 && (
          <label>
            <span>{words.choose}</span>
            <select value={id ?? ""} disabled={running} onChange={(event) => void state.show(event.target.value)}>
              {kept.map(({ record }) => (
                <option key={record.id} value={record.id}>
                  {record.id === id ? name : record.name}
                </option>
              ))}
            </select>
          </label>
        )}
        {id && (
          <label className="comparison-name">
            <span>{words.name}</span>
            <input type="text" value={name} maxLength={100} disabled={disabled} onChange={(event) => state.rename(event.target.value)} />
          </label>
        )}
        <div className="buttons">
          <button
            type="button"
            className={kept.length ? "quiet" : "primary"}
            disabled={running || creating}
            data-testid="new-comparison"
            onClick={() => void state.create()}
          >
            {creating ? words.creating : words.create}
          </button>
          <button type="button" className="quiet" title={words.openHelp} disabled={running} onClick={() => picker.current?.click()}>
            {words.open}
          </button>
          {id && (
            <button type="button" className="quiet danger" disabled={disabled} onClick={() => void state.remove()}>
              {words.delete}
            </button>
          )}
        </div>
        <input
          ref={picker}
          type="file"
          accept=".json,application/json"
          hidden
          data-testid="open-comparison"
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (file) void state.open(file);
          }}
        />
      </div>
    </section>
  );
}
