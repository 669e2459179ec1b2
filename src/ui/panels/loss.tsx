// loss.tsx — the loss panel: the two numbers, the chart with its switches, the learning rate below; what will happen
// before the first run, and the phases of getting ready.
import { lazy, Suspense, useState } from "react";
import { LearningRate } from "../charts/learning-rate.tsx";
import { useStudio, useThrottled } from "../context.ts";
import { active } from "../fold.ts";
import { percent, short } from "../format.ts";
import { text } from "../strings.ts";
import { Opening } from "./opening.tsx";
import { Phases } from "./phases.tsx";

// recharts is the largest part of the page and nothing needs it before the first step.
const LossChart = lazy(() => import("../charts/loss-chart.tsx"));

export function LossPanel() {
  const run = useStudio((state) => state.run);
  const total = useStudio((state) => (state.runConfig ?? state.config).train.steps);
  const [smoothing, setSmoothing] = useState(0.8);
  const [log, setLog] = useState(false);
  const drawn = useThrottled(run, 200);
  const { length, columns } = run.steps;
  const last = run.evaluations.at(-1);
  return (
    <section className="loss" id="loss" aria-labelledby="loss-title">
      <div className="panel-head">
        <h2 id="loss-title">{text.sections.loss}</h2>
        <p className="readout">
          {last && <span className="muted">{text.loss.metric(percent(last.metric))}</span>}
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
        {length > 0 ? (
          <Suspense fallback={null}>
            <LossChart steps={drawn.steps.length > 0 ? drawn.steps : run.steps} evaluations={drawn.evaluations} smoothing={smoothing} log={log} total={total} />
          </Suspense>
        ) : active(run) ? (
          <Phases />
        ) : (
          <Opening />
        )}
      </div>
      {length > 0 && (
        <div className="chart-foot">
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
          <label className="slider">
            {text.loss.smoothing}
            <input type="range" min={0} max={0.98} step={0.02} value={smoothing} onChange={(event) => setSmoothing(Number(event.target.value))} />
            <output>{smoothing.toFixed(2)}</output>
          </label>
          <label className="check">
            <input type="checkbox" checked={log} onChange={(event) => setLog(event.target.checked)} />
            {text.loss.log}
          </label>
          <span className="grow" />
          <LearningRate steps={drawn.steps} total={total} now={short(columns.learningRate[length - 1])} />
        </div>
      )}
    </section>
  );
}

function Bar({ done, total }: { done: number; total: number }) {
  return <progress className="hair" aria-label={text.loss.step} value={Math.min(done, total)} max={total} />;
}
