// benchmark.tsx — kernels and whole steps measured on the visitor's device: progress, cancel, the table, the table as text.
import { useState } from "react";
import type { BenchmarkRow } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { short } from "../format.ts";
import { reportText } from "../report.ts";
import { working } from "../store.ts";
import { text } from "../strings.ts";
import { ProblemText } from "./problem.tsx";

const words = text.devicePage;

export function BenchmarkPanel() {
  const { store } = useParts();
  const { state, rows, done, total, problems } = useStudio((studio) => studio.benchmark);
  const running = state === "running";
  const busy = useStudio(working) && !running;
  const [ending, setEnding] = useState(false);
  return (
    <section className="benchmark" aria-labelledby="benchmark-title" aria-busy={running}>
      <h2 id="benchmark-title">{words.benchmark}</h2>
      <p className="muted">{busy ? words.busy : words.about}</p>
      <div className="inline">
        <button
          type="button"
          className="quiet"
          data-testid="benchmark"
          disabled={busy || running}
          onClick={() => {
            setEnding(false);
            void store.getState().runBenchmark();
          }}
        >
          {running ? words.running : state === "done" ? words.again : words.run}
        </button>
        {running && (
          <button
            type="button"
            className="quiet"
            disabled={ending}
            onClick={() => {
              setEnding(true);
              void store.getState().stop();
            }}
          >
            {ending ? words.ending : words.cancel}
          </button>
        )}
        {!running && <Copy />}
        {running && total === 0 && <span className="muted">{words.begins}</span>}
        {running && total > 0 && (
          <>
            <progress aria-label={words.benchmark} value={done} max={total} />
            <span className="muted number">{words.progress(done, total)}</span>
          </>
        )}
      </div>
      {problems.map((problem) => (
        <p key={problem.what} className="notice error" role="alert">
          <ProblemText problem={problem} />
        </p>
      ))}
      <Groups rows={rows} />
    </section>
  );
}

/** A group of so many rows is folded: whole steps are what most people look for, single kernels are for some. */
const long = 8;

function Groups({ rows }: { rows: readonly BenchmarkRow[] }) {
  const groups = [...new Set(rows.map((row) => row.group))].map((name) => ({ name, rows: rows.filter((row) => row.group === name) }));
  return (
    <div data-testid="benchmark-table">
      {groups.map((group) =>
        group.rows.length > long ? (
          <details key={group.name} className="more">
            <summary>
              {group.name} ({group.rows.length})
            </summary>
            <Table {...group} />
          </details>
        ) : (
          <Table key={group.name} {...group} />
        ),
      )}
    </div>
  );
}

function Table({ name, rows }: { name: string; rows: readonly BenchmarkRow[] }) {
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={name}>
      <table className="sites measured">
        <caption>{name}</caption>
        <thead>
          <tr>
            <th scope="col">{words.head.name}</th>
            <th scope="col">{words.head.value}</th>
            <th scope="col">{words.head.detail}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.name} ${row.unit} ${row.detail}`}>
              <th scope="row">{row.name}</th>
              <td className="number">
                {short(row.value)} {row.unit}
              </td>
              <td className="muted">{row.detail}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Device and measurements, for a message or a table of laptops. */
function Copy() {
  const device = useStudio((state) => state.device);
  const backend = useStudio((state) => state.preflight?.backend);
  const { rows } = useStudio((state) => state.benchmark);
  const [said, setSaid] = useState("");
  if (!device) return null;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(reportText(device, backend, rows, navigator.userAgent));
      setSaid(words.copied);
    } catch {
      setSaid(words.notCopied);
    }
  };
  return (
    <>
      <button type="button" className="link" onClick={() => void copy()}>
        {words.copy}
      </button>
      <span className="muted small" aria-live="polite">
        {said}
      </span>
    </>
  );
}
