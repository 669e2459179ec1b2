// proxies.tsx — "Scores side by side": several scores of the same modules as small maps, how far they agree, and what is known of each.
import { useMemo, useRef, useState } from "react";
import { adapted, allTied, scoresCsv, type Measure, type Scored } from "../agreement.ts";
import { topCount } from "../budget.ts";
import { AgreementTable } from "../charts/agreement-table.tsx";
import { modulesOf } from "../charts/layers.ts";
import { ProxyMap } from "../charts/proxy-map.tsx";
import { SaveChart } from "../charts/save-chart.tsx";
import { useParts, useStudio } from "../context.ts";
import { duration, short } from "../format.ts";
import { scoredAs } from "../scoring.ts";
import { text } from "../strings.ts";
import { ProxyChoice, ScoringProgress } from "./proxy-choice.tsx";

const words = text.proxies;

export function ProxiesPanel() {
  const there = useStudio((state) => state.config.allocation !== null);
  const several = useStudio((state) => state.scoring.state === "running" && state.scoring.asked.length > 1);
  const [open, setOpen] = useState(false);
  if (!there) return null;
  return (
    <section className="proxies" aria-labelledby="proxies-title">
      <div className="panel-head">
        <h2 id="proxies-title">{words.title}</h2>
        <button type="button" className="link" data-testid="choose-proxies" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? words.close : words.choose}
        </button>
      </div>
      <p className="help">{words.help}</p>
      {several ? <ScoringProgress /> : open && <ProxyChoice />}
      <Results />
    </section>
  );
}

function Results() {
  const { store } = useParts();
  const { proxies, figures } = useStudio((state) => state.catalogue);
  const scoring = useStudio((state) => state.scoring);
  const sites = useStudio((state) => state.sites);
  const allocation = useStudio((state) => state.config.allocation!);
  const allocated = useStudio((state) => state.allocated);
  const fresh = useStudio((state) => scoredAs(state.config) === state.scoring.key);
  const [measure, setMeasure] = useState<Measure>("correlation");
  const shown = useMemo(
    (): Scored[] =>
      proxies.flatMap(({ name, title }) => {
        const scores = scoring.scores[name];
        return scores?.length === sites.length ? [{ name, title, scores }] : [];
      }),
    [proxies, scoring.scores, sites],
  );
  const maps = useRef<HTMLDivElement>(null);
  if (!fresh) return scoring.state === "done" ? <p className="help">{text.allocation.stale}</p> : null;
  const there = adapted(sites);
  const k = allocated?.unit === "modules" ? allocated.budget : topCount(allocation.budget, sites);
  const notes = ({ name, scores }: Scored): string[] => [
    ...(allTied(scores, there) ? [words.tied] : []),
    ...(scoring.notes[name] ? [scoring.notes[name]] : []),
    ...(scoring.milliseconds[name] >= 1000 ? [words.took(duration(scoring.milliseconds[name] / 1000))] : []),
  ];
  return (
    <div data-testid="proxies">
      <div ref={maps} className="proxy-maps" style={{ "--modules": modulesOf(sites.filter((_, i) => there[i])).length } as React.CSSProperties}>
        {shown.map((proxy) => (
          <ProxyMap
            key={proxy.name}
            sites={sites}
            proxy={proxy}
            k={k}
            chosen={allocation.proxy === proxy.name}
            notes={notes(proxy)}
            onChoose={() => store.getState().edit("allocation.proxy", proxy.name)}
          />
        ))}
      </div>
      {Object.entries(scoring.failed).map(([name, what]) => (
        <p key={name} className="notice error">
          {what}
        </p>
      ))}
      {figures
        .filter(({ name }) => name in scoring.figures)
        .map(({ name, title, help }) => (
          <p key={name} className="figure-line" title={help}>
            {words.ranksNothing(title)} <strong className="number">{short(scoring.figures[name])}</strong>
          </p>
        ))}
      {shown.length > 0 && (
        <div className="chart-foot">
          <span className="muted">{words.best(k)}</span>
          <span className="grow" />
          <SaveChart of={maps} what="scores" csv={() => scoresCsv(sites, shown)} />
        </div>
      )}
      {shown.length > 1 && <AgreementTable proxies={shown} there={there} k={k} measure={measure} onMeasure={setMeasure} />}
    </div>
  );
}
