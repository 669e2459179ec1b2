// compare-runs.tsx — two to six kept runs side by side: their losses, the settings in which they differ, how they went, and the difference of two maps.
import { lazy, Suspense, useEffect, useMemo, useRef } from "react";
import type { KeptRun } from "../../protocol.ts";
import { CurveSwitches } from "../charts/curve-switches.tsx";
import { RunLine } from "../charts/run-line.tsx";
import type { Curve } from "../charts/runs-chart.tsx";
import { SaveChart } from "../charts/save-chart.tsx";
import { useCurves } from "../charts/use-curves.ts";
import { allOfAll } from "../charts/x-axis.ts";
import { useLibrary, useParts, useStudio } from "../context.ts";
import { runsCsv } from "../csv.ts";
import { differencesOf, outcomesOf } from "../differences.ts";
import type { RunView } from "../fold.ts";
import { text } from "../strings.ts";
import { CompareMaps } from "./compare-maps.tsx";

const RunsChart = lazy(() => import("../charts/runs-chart.tsx"));
const words = text.library;

export interface Compared {
  record: KeptRun;
  run: RunView;
  /** Which colour and dash. */
  place: number;
}

export function CompareRuns() {
  const { library } = useParts();
  const chosen = useLibrary((state) => state.chosen);
  const kept = useLibrary((state) => state.kept);
  const views = useLibrary((state) => state.views);
  useEffect(() => void library.getState().view(), [library, chosen, kept]);
  const compared = useMemo(
    () =>
      chosen.flatMap((id, place): Compared[] => {
        const record = kept?.runs.find((run) => run.id === id);
        return record && views[id] ? [{ record, run: views[id].run, place }] : [];
      }),
    [chosen, kept, views],
  );
  return (
    <section className="compare" aria-labelledby="compare-title" data-testid="compare-runs">
      <div className="panel-head">
        <h2 id="compare-title">{words.compare}</h2>
        {chosen.length > 0 && (
          <button type="button" className="link" onClick={() => chosen.forEach((id) => library.getState().choose(id, false))}>
            {words.clear}
          </button>
        )}
      </div>
      {chosen.length < 2 && <p className="muted">{chosen.length === 0 ? words.chooseHelp : words.chooseMore}</p>}
      {compared.length > 1 && (
        <>
          <Curves compared={compared} />
          <Differences compared={compared} />
          <CompareMaps compared={compared} />
        </>
      )}
    </section>
  );
}

function Curves({ compared }: { compared: readonly Compared[] }) {
  const picture = useRef<HTMLDivElement>(null);
  const [curves, setCurves] = useCurves();
  const runs = useMemo(() => compared.map(({ record, run, place }): Curve => ({ id: record.id, name: record.name, steps: run.steps, place })), [compared]);
  return (
    <div className="chart">
      <div ref={picture}>
        <Suspense fallback={<div className="loss-chart" />}>
          <RunsChart runs={runs} curves={curves} setCurves={setCurves} />
        </Suspense>
        <ul className="legend">
          {compared.map(({ record, place }) => (
            <li key={record.id}>
              <RunLine place={place} />
              {record.name}
            </li>
          ))}
        </ul>
      </div>
      <div className="chart-foot">
        <CurveSwitches curves={curves} setCurves={setCurves} all={allOfAll(runs, curves.over)} />
        <span className="grow" />
        <SaveChart of={picture} what="runs" csv={() => runsCsv(runs)} />
      </div>
    </div>
  );
}

function Differences({ compared }: { compared: readonly Compared[] }) {
  const fields = useStudio((state) => state.catalogue.fields);
  const records = compared.map(({ record }) => record);
  const settings = differencesOf(records.map(({ config }) => config));
  /** A field may be a map: "Budget, share". */
  const titleOf = (path: string): string => {
    const field = Object.keys(fields).find((name) => path === name || path.startsWith(`${name}.`));
    return field ? [fields[field].title, ...(path === field ? [] : [path.slice(field.length + 1)])].join(", ") : path;
  };
  const table = (title: string, field: string, rows: readonly (readonly [title: string, values: readonly string[]])[]) => (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={title}>
      <table className="sites compared">
        <caption>{title}</caption>
        <thead>
          <tr>
            <th scope="col">{field}</th>
            {compared.map(({ record, place }) => (
              <th key={record.id} scope="col">
                <RunLine place={place} /> {record.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([head, values]) => (
            <tr key={head}>
              <th scope="row">{head}</th>
              {values.map((value, i) => (
                <td key={records[i].id}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
  return (
    <>
      {table(words.outcome, words.outcomeField, outcomesOf(compared))}
      {settings.length === 0 ? (
        <p className="muted">{words.same}</p>
      ) : (
        table(
          words.tableTitle,
          words.field,
          settings.map(([path, values]) => [titleOf(path), values]),
        )
      )}
    </>
  );
}
