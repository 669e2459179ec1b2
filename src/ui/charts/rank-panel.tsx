// rank-panel.tsx — "Where the rank goes": the map of layers × modules with its views, history, table and CSV.
import { useEffect, useMemo, useState } from "react";
import type { SiteInfo } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { active, rankedAs } from "../fold.ts";
import { count } from "../format.ts";
import { save } from "../save.ts";
import { scoresOf } from "../scoring.ts";
import { text } from "../strings.ts";
import { historyOf, onShare, rankOrder } from "./allocations.ts";
import { CellPopover } from "./cell-popover.tsx";
import { Heatmap } from "./heatmap.tsx";
import { gradient } from "./scale.ts";
import { SitesTable, sitesCsv } from "./sites-table.tsx";
import { largest, rankViews, type Measured, type ViewName } from "./rank-views.ts";
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
  const moments = useStudio((state) => state.run.moments);
  const allAllocations = useStudio((state) => state.run.allocations);
  const begun = useStudio((state) => state.run.plan?.sites);
  const dynamic = useStudio((state) => state.runConfig?.allocation?.when === "dynamic");
  const preview = useStudio((state) => state.allocated);
  const scores = useStudio((state) => scoresOf(state.scoring, state.config));
  const ran = useStudio((state) => state.run.sites);
  const busy = useStudio((state) => active(state.run));
  const running = useStudio((state) => state.run.state === "running");
  const planned = useStudio((state) => state.sites);
  const editable = useStudio((state) => state.config.method !== "full");
  const runConfig = useStudio((state) => state.runConfig);
  const [chosenView, setView] = useState<ViewName | null>(null);
  const [chosenSource, setSource] = useState<"run" | "setup" | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const [inOrder, setInOrder] = useState(false);
  const [table, setTable] = useState(false);
  const [open, setOpen] = useState<OpenCell | null>(null);
  useEffect(() => {
    setSource(null);
    setAt(null);
  }, [runConfig]);
  // Scores that were just made are what one wants to see.
  useEffect(() => {
    if (!scores) return;
    setSource("setup");
    setAt(null);
    setView((now) => (now === "score" ? now : "rank"));
  }, [scores]);

  const sameModel = ran.length === planned.length && ran.every((site, i) => site.name === planned[i].name);
  const differs = !sameModel || scores !== null || ran.some((site, i) => site.r !== planned[i].r);
  const ofRun = ran.length > 0 && (chosenSource ?? (busy || sameModel ? "run" : "setup")) === "run";
  const moment = ofRun ? moments[at ?? moments.length - 1] : undefined;
  const window = moment?.window;
  const allocations = useMemo(() => (moment ? allAllocations.slice(0, moment.allocations) : []), [moment, allAllocations]);
  const allocation = allocations.at(-1);
  const next = useMemo(() => (preview && preview.ranks.length === planned.length ? rankedAs(planned, preview.ranks) : planned), [preview, planned]);
  const sites = ofRun ? (at === null ? ran : (moment?.sites ?? ran)) : next;
  const measured = useMemo((): Measured => {
    if (!ofRun) return scores?.length === planned.length ? { scores, order: rankOrder(scores, adapted(planned)) } : {};
    if (!allocation || !begun) return { window };
    const order = rankOrder(allocation.scores, adapted(begun));
    return { window, scores: allocation.scores, order, on: dynamic ? onShare(allocations, Math.max(allocation.step, moment!.step)) : undefined };
  }, [ofRun, scores, planned, allocation, allocations, begun, window, dynamic, moment]);
  const shownViews = rankViews.filter(({ name }) => name !== "order" && (name !== "score" || measured.scores) && (name !== "on" || measured.on));
  // Until the visitor picks a view, the map shows what moves: ranks before a run and where they are allocated, else ‖ΔW‖ once there is some.
  const usual: ViewName = window && !allocation ? "delta" : sites.some((site) => site.r > 0) ? "rank" : "parameters";
  const segment = shownViews.find((v) => v.name === chosenView)?.name ?? usual;
  const name = segment === "score" && inOrder ? "order" : segment;
  const view = rankViews.find((v) => v.name === name)!;
  const most = useMemo(() => largest(view, sites, ofRun ? windows : [], measured), [view, sites, ofRun, windows, measured]);
  const values = useMemo(() => sites.map((site, i) => view.value(site, i, measured)), [sites, view, measured]);
  const least = Math.min(0, ...values.map((value) => value ?? 0));
  const spent = ofRun ? allocation : preview;

  const apply = (names: readonly string[], r: number) => {
    store.getState().setRank(names, r);
    setSource("setup");
    if (view.name !== "parameters") setView("rank");
  };
  const use = () => {
    store.getState().useRanks(sites);
    setSource("setup");
    setView("rank");
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
        <Segments label={text.heatmap.viewLabel} options={shownViews.map(({ name: value, title }) => ({ value, title }))} value={segment} onChange={setView} />
      </div>
      <p className="help">
        {view.help} {editable && !table && text.heatmap.tip}
      </p>
      <div data-testid="rank-heatmap">
        {sites.length === 0 ? (
          <p className="waiting">{text.empty.heatmap}</p>
        ) : table ? (
          <SitesTable sites={sites} measured={measured} />
        ) : (
          <Heatmap
            sites={sites}
            values={values}
            view={view}
            most={most}
            least={least}
            measured={measured}
            live={running && at === null}
            onOpen={editable ? setOpen : undefined}
          />
        )}
      </div>
      <div className="chart-foot">
        {!table && (
          <span className="scale">
            <span className="number">{view.name === "order" ? count(most) : least === 0 ? 0 : view.full(least)}</span>
            <i style={{ background: gradient }} />
            <span className="number">{view.name === "order" ? 1 : view.full(most)}</span>
          </span>
        )}
        {segment === "score" && !table && (
          <label className="check">
            <input type="checkbox" checked={inOrder} onChange={(event) => setInOrder(event.target.checked)} />
            {text.heatmap.inOrder}
          </label>
        )}
        {ofRun && moments.length > 1 && <Scrubber steps={moments.map((m) => m.step)} at={at} onChange={setAt} />}
        {ofRun && moments.length === 0 && <span className="muted">{text.heatmap.waiting}</span>}
        <span className="grow" />
        <button type="button" className="link" onClick={() => setTable(!table)}>
          {table ? text.heatmap.map : text.heatmap.table}
        </button>
        <button type="button" className="link" disabled={sites.length === 0} onClick={() => save("ranks.csv", sitesCsv(sites, measured), "text/csv")}>
          {text.heatmap.csv}
        </button>
      </div>
      {spent && (
        <p className="allocated">
          <span className="muted number" data-testid="spent">
            {text.heatmap.spent(count(Math.round(spent.spent)), count(spent.budget), spent.unit)}
          </span>
          {sameModel || !ofRun ? (
            <button type="button" className="link" data-testid="use-ranks" onClick={use}>
              {text.heatmap.useRanks}
            </button>
          ) : null}
        </p>
      )}
      {open && sites[open.index] && (
        <CellPopover
          key={open.index}
          open={open}
          sites={sites}
          planned={planned}
          busy={busy}
          history={historyOf(allocations, open.index)}
          onSet={apply}
          onClose={() => setOpen(null)}
        />
      )}
    </section>
  );
}

const adapted = (sites: readonly SiteInfo[]): boolean[] => sites.map((site) => site.parameters > 0);
