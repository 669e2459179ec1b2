// kept-run.tsx — a kept run in the list: its curve, name and figures, and what can be done with it.
import { useState } from "react";
import type { KeptRun, RunState } from "../../protocol.ts";
import { runColour } from "../charts/run-line.tsx";
import { Spark } from "../charts/spark.tsx";
import { useLibrary, useParts, useStudio } from "../context.ts";
import { working } from "../store.ts";
import { ago, bytes } from "../format.ts";
import { cutOff } from "../library.ts";
import { metricsOf } from "../metric.ts";
import { describeRun } from "../runs.ts";
import { text } from "../strings.ts";
import type { PageName } from "../url.ts";
import { KeptRunMore } from "./kept-run-more.tsx";

const words = text.library;

export function KeptRunRow({ run, go }: { run: KeptRun; go: (page: PageName) => void }) {
  const { store, library } = useParts();
  const chosen = useLibrary((state) => state.chosen.indexOf(run.id));
  const busy = useStudio(working);
  const catalogue = useStudio((state) => state.catalogue);
  // Its weights are on the device: there is nothing to be read.
  const shown = useStudio((state) => state.run.kept?.id === run.id && state.lookedAt === null && state.run.state !== "failed");
  const [open, setOpen] = useState(false);
  const { id, name, config, step, last, best, holder, problem } = run;
  const total = config.train.steps;
  const show = () => {
    if (!shown) void store.getState().lookAt(run);
    go("train");
  };
  const goOn = () => {
    void store.getState().continueRun(run);
    go("train");
  };
  const ended = run.state === "finished" && step >= total;
  return (
    <li className="kept" data-testid="kept-run">
      <div className="kept-line">
        <input
          type="checkbox"
          aria-label={words.chosen(name)}
          checked={chosen >= 0}
          onChange={(event) => library.getState().choose(id, event.target.checked)}
          style={chosen >= 0 ? { accentColor: runColour(chosen) } : undefined}
        />
        <Spark curve={run.curve} total={total} />
        <div className="kept-words">
          <p className="kept-name">
            <b>{name}</b>
            <State run={run} />
            {run.tags.map((tag) => (
              <span key={tag} className="tag">
                {tag}
              </span>
            ))}
          </p>
          <p className="muted small">{problem ? `${problem}.` : [...sourcesOf(run), describeRun(catalogue, config)].join(" · ")}</p>
          <p className="muted small number-line">{figuresOf(run).join(" · ")}</p>
        </div>
        <div className="buttons kept-buttons">
          {!problem && !ended && holder === null && (
            <button type="button" className="quiet" disabled={busy} onClick={goOn}>
              {last ? words.goOnFrom(last.step) : words.anew}
            </button>
          )}
          <button type="button" className="quiet" title={words.showHelp} disabled={busy && !shown} onClick={show}>
            {words.show}
          </button>
          <button type="button" className="quiet" aria-expanded={open} aria-label={words.moreOf(name)} onClick={() => setOpen(!open)}>
            {words.more}
          </button>
        </div>
      </div>
      {run.notes && !open && <p className="kept-notes">{run.notes}</p>}
      {open && <KeptRunMore run={run} busy={busy} ended={ended} hasBest={best !== null} go={go} />}
    </li>
  );
}

function State({ run }: { run: KeptRun }) {
  const cut = cutOff(run);
  const state: RunState = run.holder === null && cut ? "stopped" : run.state;
  const said = run.holder === "elsewhere" ? words.elsewhere : cut ? words.cutOff : text.run.states[state];
  return (
    <span className="muted small" title={run.holder === "elsewhere" ? words.elsewhereHelp : undefined}>
      <span className={`dot ${run.holder === "elsewhere" ? "running" : state}`} /> {said}
    </span>
  );
}

const sourcesOf = ({ config: { model, data } }: KeptRun): string[] => [model.source, data.source].map((source) => source.replace(/^(bundled|file|hub):/, ""));

function figuresOf({ step, config, curve, evaluated, created, last, best }: KeptRun): string[] {
  const size = (last?.bytes ?? 0) + (best?.bytes ?? 0);
  return [
    words.at(step, config.train.steps),
    ...(curve.length > 0 ? [words.loss(curve.at(-1)![1].toFixed(3))] : []),
    ...(evaluated ? [words.held(evaluated.loss.toFixed(3)), ...metricsOf(evaluated).map(([name, value]) => `${value} ${name}`)] : []),
    ago(created),
    ...(size > 0 ? [bytes(size)] : []),
  ];
}
