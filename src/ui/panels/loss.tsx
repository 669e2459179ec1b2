// loss.tsx — the loss panel: the two numbers, the chart with its switches, the learning rate below; what will happen
// before the first run, and the phases of getting ready.
import { lazy, memo, startTransition, Suspense, useEffect, useRef, useState } from "react";
import { CurveSwitches } from "../charts/curve-switches.tsx";
import { SaveChart } from "../charts/save-chart.tsx";
import { useCurves } from "../charts/use-curves.ts";
import { allOf, everything, positions } from "../charts/x-axis.ts";
import { useStudio, useThrottled } from "../context.ts";
import { stepsCsv } from "../csv.ts";
import { active, type RunView } from "../fold.ts";
import { metricOf } from "../metric.ts";
import { text } from "../strings.ts";
import { useChanged } from "../use-changed.ts";
import { Opening } from "./opening.tsx";
import { Phases } from "./phases.tsx";

// recharts is the largest part of the page: it is loaded and mounted (empty, unseen) when the page is there and idle, so
// that the first step finds a chart that only has to grow.
const loadChart = () => import("../charts/loss-chart.tsx");
const LossChart = lazy(loadChart);
const whenIdle: (work: () => void) => unknown = typeof requestIdleCallback === "function" ? requestIdleCallback : (work) => setTimeout(work, 300);

export function LossPanel() {
  const run = useStudio((state) => state.run);
  const total = useStudio((state) => (state.runConfig ?? state.config).train.steps);
  const drawn = useThrottled(run, 200);
  const ready = useReady();
  const { length, columns } = run.steps;
  const empty = length === 0 || drawn.steps.length === 0;
  const last = run.evaluations.at(-1);
  return (
    <section className="loss" id="loss" aria-labelledby="loss-title">
      <div className="panel-head">
        <h2 id="loss-title">{text.sections.loss}</h2>
        <p className="readout">
          {last && <span className="muted">{text.loss.metric(...metricOf(last))}</span>}
          <span className="muted">
            {text.loss.step} <span data-testid="step-value">{run.step}</span> {text.loss.of(total)}
          </span>
          <strong className="big" data-testid="loss-value">
            {length > 0 ? columns.loss[length - 1].toFixed(3) : "–"}
          </strong>
        </p>
      </div>
      {active(run) && <Bar done={run.step} total={total} />}
      <div className="chart" data-testid="loss-chart">
        {empty && (active(run) ? <Phases /> : <Opening />)}
        {(ready || !empty) && (
          <div className={empty ? "behind" : undefined}>
            <Curves id={drawn.kept?.id} steps={drawn.steps} evaluations={drawn.evaluations} total={total} live={active(drawn)} />
          </div>
        )}
      </div>
    </section>
  );
}

function useReady(): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let here = true;
    whenIdle(() => void loadChart().then(() => here && startTransition(() => setReady(true))));
    return () => {
      here = false;
    };
  }, []);
  return ready;
}

interface CurvesProps {
  /** Of the run. */
  id: string | undefined;
  steps: RunView["steps"];
  evaluations: RunView["evaluations"];
  total: number;
  /** Steps are still to come. */
  live: boolean;
}

/** The chart and its switches; redrawn only when the throttled run changes. */
const Curves = memo(function Curves({ id, steps, evaluations, total, live }: CurvesProps) {
  const picture = useRef<HTMLDivElement>(null);
  const [curves, setCurves] = useCurves();
  // A part of one run is no part of the next.
  useChanged(id, () => setCurves({ zoom: everything }));
  const { over } = curves;
  return (
    <>
      <div ref={picture}>
        <Suspense fallback={<div className="loss-chart" />}>
          <LossChart steps={steps} evaluations={evaluations} curves={curves} setCurves={setCurves} total={total} />
        </Suspense>
        <ul className="legend">
          <li>
            <i className="line thin" />
            {text.loss.raw}
          </li>
          <li>
            <i className="line bold" />
            {text.loss.smoothed}
          </li>
          <li>
            <i className="mark" />
            {text.loss.held}
          </li>
        </ul>
      </div>
      <div className="chart-foot">
        <CurveSwitches curves={curves} setCurves={setCurves} all={allOf(steps, over, total)} newest={live ? (positions(steps, over).at(-1) ?? 0) : undefined} />
        <span className="grow" />
        <SaveChart of={picture} what="loss" csv={() => stepsCsv(steps, evaluations)} />
      </div>
    </>
  );
});

function Bar({ done, total }: { done: number; total: number }) {
  return <progress className="hair" aria-label={text.loss.step} value={Math.min(done, total)} max={total} />;
}
