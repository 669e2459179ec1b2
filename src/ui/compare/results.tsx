// results.tsx — what the runs of a comparison say: the picture, a verdict per arm in words, the table, and the files.
import type { ArmSummary } from "../../protocol.ts";
import { difference, level, range } from "../../statistics/measure-words.ts";
import { useCompared, useParts } from "../context.ts";
import { bytes, count, duration } from "../format.ts";
import { text } from "../strings.ts";
import { Plot } from "./plot.tsx";

const words = text.comparison;

export function Results() {
  const { compared } = useParts();
  const summary = useCompared((state) => state.summary);
  if (!summary || summary.finished === 0)
    return (
      <section aria-labelledby="comparison-results">
        <h2 id="comparison-results">{words.results}</h2>
        <p className="waiting">{words.nothing}</p>
      </section>
    );
  const { arms, measure, rows, on, notes } = summary;
  const verdicts = arms.flatMap((arm) => (arm.verdict ? [arm.verdict] : []));
  const save = (only?: string) => void compared.getState().export(only);
  return (
    <section aria-labelledby="comparison-results">
      <h2 id="comparison-results">{words.results}</h2>
      <p className="muted small">{words.of[on](measure, rows)}</p>
      <Plot summary={summary} />
      {verdicts.length + notes.length > 0 && (
        <>
          <h3>{words.verdicts}</h3>
          <ul className="verdicts" data-testid="verdicts">
            {verdicts.map((verdict) => (
              <li key={verdict}>{verdict}</li>
            ))}
            {notes.map((note) => (
              <li key={note} className="muted">
                {note}
              </li>
            ))}
          </ul>
        </>
      )}
      <Table arms={arms} measure={measure} />
      <details className="more">
        <summary>{words.how}</summary>
        <p className="help">{words.howText}</p>
      </details>
      <div className="inline comparison-files" role="group" aria-label={words.files}>
        <button type="button" className="link" onClick={() => save("table.csv")}>
          {words.csv}
        </button>
        <button type="button" className="link" onClick={() => save("results.json")}>
          {words.json_}
        </button>
        <button type="button" className="link" data-testid="export-comparison" onClick={() => save()}>
          {words.zip}
        </button>
      </div>
    </section>
  );
}

function Table({ arms, measure }: { arms: readonly ArmSummary[]; measure: string }) {
  const { columns } = words;
  const others = [...new Set(arms.flatMap((a) => Object.keys(a.metrics)))].filter((name) => name !== measure);
  const shown = (value: number | null, of = measure) => (value === null ? "–" : level(value, of));
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={words.table}>
      <table className="sites comparison-table" data-testid="comparison-table">
        <thead>
          <tr>
            <th scope="col">{columns.arm}</th>
            <th scope="col">{columns.seeds}</th>
            <th scope="col">{columns.mean}</th>
            <th scope="col">{columns.interval}</th>
            <th scope="col">{columns.difference}</th>
            {others.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col">{columns.best}</th>
            <th scope="col">{columns.trainable}</th>
            <th scope="col">{columns.seconds}</th>
            <th scope="col">{columns.bytes}</th>
          </tr>
        </thead>
        <tbody>
          {arms.map((arm) => (
            <tr key={arm.name}>
              <th scope="row">
                {arm.name}
                {arm.reference && <span className="muted"> ({words.reference})</span>}
              </th>
              <td>{arm.points.length}</td>
              <td>{shown(arm.mean)}</td>
              <td>{arm.interval ? range(arm.interval, measure) : "–"}</td>
              <td title={arm.difference ? words.better(arm.difference.better, arm.difference.seeds) : undefined}>
                {arm.difference ? difference(arm.difference, measure) : "–"}
              </td>
              {others.map((name) => (
                <td key={name}>{name in arm.metrics ? level(arm.metrics[name], name) : "–"}</td>
              ))}
              <td>{shown(arm.best)}</td>
              <td>{arm.trainable === null ? "–" : count(Math.round(arm.trainable))}</td>
              <td>{arm.seconds === null ? "–" : duration(arm.seconds)}</td>
              <td>{arm.bytes === null ? "–" : bytes(arm.bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
