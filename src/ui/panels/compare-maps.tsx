// compare-maps.tsx — where the rank of two kept runs went, as the difference of their maps.
import { useRef, useState } from "react";
import { DifferenceTable, differenceCsv } from "../charts/difference-table.tsx";
import { comparable, differencePicture } from "../charts/difference.ts";
import { Heatmap } from "../charts/heatmap.tsx";
import { rankViews, type ViewName } from "../charts/rank-views.ts";
import { SaveChart } from "../charts/save-chart.tsx";
import { ScaleBar } from "../charts/scale-bar.tsx";
import { shownOfRun, type Shown } from "../charts/shown.ts";
import { Segments } from "../segments.tsx";
import { text } from "../strings.ts";
import type { Compared } from "./compare-runs.tsx";

const words = text.library;

const shownOf = ({ record, run }: Compared): Shown => shownOfRun(run, record.config.allocation?.when === "dynamic", null);

export function CompareMaps({ compared }: { compared: readonly Compared[] }) {
  const [ids, setIds] = useState<readonly [string, string]>(["", ""]);
  const [chosenView, setView] = useState<ViewName>("delta");
  const [table, setTable] = useState(false);
  const drawn = useRef<HTMLDivElement>(null);
  const a = compared.find(({ record }) => record.id === ids[0]) ?? compared[0];
  const others = compared.filter((one) => one !== a);
  const b = others.find(({ record }) => record.id === ids[1]) ?? others[0];
  const [first, second, names] = [shownOf(a), shownOf(b), [a.record.name, b.record.name] as const];
  const views = rankViews.filter((view) => comparable(view, first, second));
  const view = views.find(({ name }) => name === chosenView) ?? views[0];
  /** The run of the other place chosen for this one: they swap. */
  const put = (place: 0 | 1, id: string) => {
    if (id === a.record.id || id === b.record.id) setIds([b.record.id, a.record.id]);
    else setIds(place === 0 ? [id, b.record.id] : [a.record.id, id]);
  };
  const choose = (place: 0 | 1, title: string) => (
    <label className="check">
      {title}
      <select value={[a, b][place].record.id} onChange={(event) => put(place, event.target.value)}>
        {compared.map(({ record }) => (
          <option key={record.id} value={record.id}>
            {record.name}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <section aria-labelledby="compare-map-title" className="rank">
      <div className="panel-head">
        <h3 id="compare-map-title">{words.map}</h3>
        <span className="grow" />
        {view && (
          <Segments label={text.heatmap.viewLabel} options={views.map(({ name, title }) => ({ value: name, title }))} value={view.name} onChange={setView} />
        )}
      </div>
      <div className="chart-foot">
        {choose(0, words.from)}
        {choose(1, words.minus)}
      </div>
      {!view ? (
        <p className="waiting">{text.difference.none}</p>
      ) : (
        <>
          {!table && <p className="help">{text.difference.help(...names)}</p>}
          <div ref={drawn}>
            {table ? (
              <DifferenceTable view={view} first={first} second={second} names={names} />
            ) : (
              <Map view={view} first={first} second={second} names={names} />
            )}
          </div>
          <div className="chart-foot">
            <span className="grow" />
            <button type="button" className="link" onClick={() => setTable(!table)}>
              {table ? text.heatmap.map : text.heatmap.table}
            </button>
            <SaveChart of={drawn} what="difference" csv={() => differenceCsv(first, second)} />
          </div>
        </>
      )}
    </section>
  );
}

function Map({ view, first, second, names }: { view: (typeof rankViews)[number]; first: Shown; second: Shown; names: readonly [string, string] }) {
  const picture = differencePicture(view, first, second, names);
  return (
    <>
      <Heatmap sites={first.sites} picture={picture} live={false} />
      <ScaleBar scale={picture.scale} />
    </>
  );
}
