// rank-panel.tsx — "Where the rank goes": the map of layers × modules with its views, history, table and CSV.
import { useEffect, useMemo, useState } from "react";
import { useParts, useStudio } from "../context.ts";
import { active } from "../fold.ts";
import { save } from "../save.ts";
import { text } from "../strings.ts";
import { CellPopover } from "./cell-popover.tsx";
import { Heatmap } from "./heatmap.tsx";
import { gradient } from "./scale.ts";
import { SitesTable, sitesCsv } from "./sites-table.tsx";
import { largest, rankViews, type ViewName } from "./rank-views.ts";
import { Scrubber } from "./scrubber.tsx";
import { Segments } from "../segments.tsx";

/** A cell whose rank is being set; `typed`: the digit that opened it. */
export interface OpenCell {
  index: number;
  typed?: string;
  anchor: DOMRect;
}

export function RankPanel() {
  const { store } = useParts();
  const windows = useStudio((state) => state.run.windows);
  const ran = useStudio((state) => state.run.sites);
  const busy = useStudio((state) => active(state.run));
  const running = useStudio((state) => state.run.state === "running");
  const planned = useStudio((state) => state.sites);
  const editable = useStudio((state) => state.config.method !== "full");
  const runConfig = useStudio((state) => state.runConfig);
  const [chosenView, setView] = useState<ViewName | null>(null);
  const [chosenSource, setSource] = useState<"run" | "setup" | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const [table, setTable] = useState(false);
  const [open, setOpen] = useState<OpenCell | null>(null);
  useEffect(() => {
    setSource(null);
    setAt(null);
  }, [runConfig]);

  const sameModel = ran.length === planned.length && ran.every((site, i) => site.name === planned[i].name);
  const differs = !sameModel || ran.some((site, i) => site.r !== planned[i].r);
  const ofRun = ran.length > 0 && (chosenSource ?? (busy || sameModel ? "run" : "setup")) === "run";
  const window = ofRun ? windows[at ?? windows.length - 1] : undefined;
  const sites = ofRun ? (window?.sites ?? ran) : planned;
  // Until the visitor picks a view, the map shows what moves: ranks before a run, ‖ΔW‖ once there is some.
  const view = rankViews.find((v) => v.name === (chosenView ?? (window ? "delta" : sites.some((site) => site.r > 0) ? "rank" : "parameters")))!;
  const most = useMemo(() => largest(view, sites, ofRun ? windows : [], window), [view, sites, ofRun, windows, window]);
  const values = useMemo(() => sites.map((site, i) => view.value(site, i, window)), [sites, view, window]);

  const apply = (names: readonly string[], r: number) => {
    store.getState().setRank(names, r);
    setSource("setup");
    if (view.name !== "parameters") setView("rank");
  };
  return (
    <section className="rank" id="rank" aria-labelledby="rank-title">
      <div className="panel-head">
        <h2 id="rank-title">{text.sections.rank}</h2>
        {ran.length > 0 && differs && (
          <Segments
            label={text.heatmap.which}
            options={[
              { value: "run", title: text.heatmap.running },
              { value: "setup", title: text.heatmap.setting },
            ]}
            value={ofRun ? "run" : "setup"}
            onChange={setSource}
          />
        )}
        <span className="grow" />
        <Segments label={text.heatmap.viewLabel} options={rankViews.map(({ name, title }) => ({ value: name, title }))} value={view.name} onChange={setView} />
      </div>
      <p className="help">
        {view.help} {editable && !table && text.heatmap.tip}
      </p>
      <div data-testid="rank-heatmap">
        {sites.length === 0 ? (
          <p className="waiting">{text.empty.heatmap}</p>
        ) : table ? (
          <SitesTable sites={sites} window={window} />
        ) : (
          <Heatmap
            sites={sites}
            values={values}
            view={view}
            most={most}
            window={window}
            live={running && at === null}
            onOpen={editable ? setOpen : undefined}
          />
        )}
      </div>
      <div className="chart-foot">
        {!table && (
          <span className="scale">
            <span className="number">0</span>
            <i style={{ background: gradient }} />
            <span className="number">{view.full(most)}</span>
          </span>
        )}
        {ofRun && windows.length > 1 && <Scrubber steps={windows.map((w) => w.step)} at={at} onChange={setAt} />}
        {ofRun && windows.length === 0 && <span className="muted">{text.heatmap.waiting}</span>}
        <span className="grow" />
        <button type="button" className="link" onClick={() => setTable(!table)}>
          {table ? text.heatmap.map : text.heatmap.table}
        </button>
        <button type="button" className="link" disabled={sites.length === 0} onClick={() => save("ranks.csv", sitesCsv(sites, window), "text/csv")}>
          {text.heatmap.csv}
        </button>
      </div>
      {open && sites[open.index] && (
        <CellPopover key={open.index} open={open} sites={sites} planned={planned} busy={busy} onSet={apply} onClose={() => setOpen(null)} />
      )}
    </section>
  );
}
