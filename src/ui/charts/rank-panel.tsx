// rank-panel.tsx — "Where the rank goes": the map of layers × modules with its views, history, difference from an earlier run, table and CSV.
import { useMemo, useRef, useState } from "react";
import { useParts, useStudio } from "../context.ts";
import { count } from "../format.ts";
import { Segments } from "../segments.tsx";
import { text } from "../strings.ts";
import { useChanged } from "../use-changed.ts";
import { historyOf } from "./allocations.ts";
import { CellPopover } from "./cell-popover.tsx";
import { DifferenceTable, differenceCsv } from "./difference-table.tsx";
import { comparable, differencePicture } from "./difference.ts";
import { Heatmap } from "./heatmap.tsx";
import { pictureOf } from "./picture.ts";
import { rankViews, type ViewName } from "./rank-views.ts";
import { SaveChart } from "./save-chart.tsx";
import { ScaleBar } from "./scale-bar.tsx";
import { Scrubber } from "./scrubber.tsx";
import { SitesTable, sitesCsv } from "./sites-table.tsx";
import { Undo } from "./undo-button.tsx";
import { useShown, type Choice } from "./use-shown.ts";

/** A cell whose rank is being set; `typed`: the digit that opened it. */
export interface OpenCell {
  index: number;
  typed?: string;
  anchor: DOMRect;
}

const sources = [
  { value: "run", title: text.runs.current },
  { value: "setup", title: text.runs.next },
] as const;

export function RankPanel() {
  const { store } = useParts();
  const ranked = useStudio((state) => state.config.method !== "full");
  const running = useStudio((state) => state.run.state === "running");
  const runConfig = useStudio((state) => state.runConfig);
  const id = useStudio((state) => state.run.kept?.id);
  const [choice, setChoice] = useState<Choice>({ source: null, at: null, against: null });
  const choose = (part: Partial<Choice>) => setChoice((now) => ({ ...now, ...part }));
  const [chosenView, setView] = useState<ViewName | null>(null);
  const [inOrder, setInOrder] = useState(false);
  const [table, setTable] = useState(false);
  const [open, setOpen] = useState<OpenCell | null>(null);
  const { first, second, ofRun, differs, usable, moments, spent, scores, planned, byHand, busy, others, look } = useShown(choice);
  const editable = ranked && usable;
  // A moment of one run is none of the next, be its settings the same or the run the same with others.
  const anew = () => choose({ source: null, at: null, against: null });
  useChanged(runConfig, anew);
  useChanged(id, anew);
  useChanged(scores, () => {
    if (!scores) return;
    // Scores that were just made are what one wants to see.
    choose({ source: "setup", at: null });
    setView((now) => (now === "score" ? now : "rank"));
  });

  const { sites, measured } = first;
  const known = rankViews.filter((view) => {
    if (second) return comparable(view, first, second.shown);
    return (view.name !== "score" && view.name !== "order") || measured.scores;
  });
  const shownViews = known.filter(({ name }) => name !== "order" && (name !== "on" || second || measured.on));
  // Until the visitor picks a view, the map shows what moves: ranks before a run and where they are allocated, else ‖ΔW‖ once there is some.
  const usual: ViewName = measured.window && !measured.scores ? "delta" : sites.some((site) => site.r > 0) ? "rank" : "parameters";
  const segment = shownViews.find(({ name }) => name === (chosenView ?? usual))?.name ?? shownViews[0]?.name ?? usual;
  const view = rankViews.find(({ name }) => name === (segment === "score" && inOrder ? "order" : segment))!;
  const picture = useMemo(() => (second ? differencePicture(view, first, second.shown, second.names) : pictureOf(view, first)), [view, first, second]);

  const apply = (names: readonly string[], r: number) => {
    store.getState().setRank(names, r);
    choose({ source: "setup" });
    if (view.name !== "parameters") setView("rank");
  };
  const use = () => {
    store.getState().useRanks(sites);
    choose({ source: "setup" });
    setView("rank");
  };
  const compareWith = (id: string) => {
    look(id);
    choose({ against: id || null });
  };
  const drawn = useRef<HTMLDivElement>(null);
  return (
    <section className="rank" id="rank" aria-labelledby="rank-title">
      <div className="panel-head">
        <h2 id="rank-title">{text.sections.rank}</h2>
        {differs && (
          <Segments label={text.heatmap.which} options={sources} value={ofRun ? "run" : "setup"} onChange={(source) => choose({ source, against: null })} />
        )}
        <span className="grow" />
        <Segments label={text.heatmap.viewLabel} options={shownViews.map(({ name, title }) => ({ value: name, title }))} value={segment} onChange={setView} />
      </div>
      <p className="help">
        {second && view.name === "order" ? text.difference.order : !second && view.help} {second && !table && text.difference.help(...second.names)}{" "}
        {second && text.difference.when} {editable && !table && !second && text.heatmap.tip}
      </p>
      <div ref={drawn} data-testid="rank-heatmap">
        {sites.length === 0 ? (
          <p className="waiting">{text.empty.heatmap}</p>
        ) : second && shownViews.length === 0 ? (
          <p className="waiting">{text.difference.none}</p>
        ) : table && second ? (
          <DifferenceTable view={view} first={first} second={second.shown} names={second.names} />
        ) : table ? (
          <SitesTable sites={sites} measured={measured} />
        ) : (
          <>
            <Heatmap sites={sites} picture={picture} live={running && choice.at === null} onOpen={editable ? setOpen : undefined} />
            <ScaleBar scale={picture.scale} />
          </>
        )}
      </div>
      <div className="chart-foot">
        {segment === "score" && known.some(({ name }) => name === "order") && (!table || second) && (
          <label className="check">
            <input type="checkbox" checked={inOrder} onChange={(event) => setInOrder(event.target.checked)} />
            {text.heatmap.inOrder}
          </label>
        )}
        {moments && moments.length > 1 && <Scrubber steps={moments.map((m) => m.step)} at={choice.at} onChange={(at) => choose({ at })} />}
        {moments?.length === 0 && <span className="muted">{text.heatmap.waiting}</span>}
        {others.length > 0 && (
          <label className="check">
            {text.difference.against}
            <select value={choice.against ?? ""} data-testid="compare-with" onChange={(event) => compareWith(event.target.value)}>
              <option value="">{text.difference.nothing}</option>
              {others.map(({ id, title }) => (
                <option key={id} value={id}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        )}
        <span className="grow" />
        <button type="button" className="link" onClick={() => setTable(!table)}>
          {table ? text.heatmap.map : text.heatmap.table}
        </button>
        {sites.length > 0 && (
          <SaveChart of={drawn} what={second ? "difference" : "ranks"} csv={() => (second ? differenceCsv(first, second.shown) : sitesCsv(sites, measured))} />
        )}
      </div>
      <div className="allocated">
        {spent && (
          <span className="muted number" data-testid="spent">
            {text.heatmap.spent(count(Math.round(spent.spent)), count(spent.budget), spent.unit)}
          </span>
        )}
        {spent && editable && (
          <button type="button" className="link" data-testid="use-ranks" onClick={use}>
            {text.heatmap.useRanks}
          </button>
        )}
        <Undo />
      </div>
      {open && editable && sites[open.index] && (
        <CellPopover
          key={open.index}
          open={open}
          sites={sites}
          planned={planned}
          byHand={byHand}
          busy={busy}
          history={historyOf(first.allocations, open.index)}
          onSet={apply}
          onClose={() => setOpen(null)}
        />
      )}
    </section>
  );
}
