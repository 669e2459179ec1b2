// run.tsx — the run in numbers, and its controls: pause, step, resume, stop, the learning rate, export.
import { useState } from "react";
import type { KeptRun } from "../../protocol.ts";
import { useParts, useStudio } from "../context.ts";
import { active, speed, type RunView } from "../fold.ts";
import { bytes, count, duration, short } from "../format.ts";
import { metricsOf } from "../metric.ts";
import { working } from "../store.ts";
import { text } from "../strings.ts";
import { Export } from "./export.tsx";
import { Notice } from "./notice.tsx";

export function RunPanel() {
  const { store } = useParts();
  const run = useStudio((state) => state.run);
  const runConfig = useStudio((state) => state.runConfig);
  const lookedAt = useStudio((state) => state.lookedAt);
  if (run.state === "idle" || !runConfig) return null;
  const { pause, resume, step, stop } = store.getState();
  return (
    <section className="run" id="run" aria-labelledby="run-title">
      <div className="panel-head">
        <h2 id="run-title">{run.kept?.name ?? text.sections.run}</h2>
        <span className="muted">
          <span className={`dot ${run.state}`} /> {text.run.states[run.state]}
        </span>
      </div>
      {active(run) && (
        <div className="buttons">
          {run.state === "paused" ? (
            <>
              <button type="button" className="quiet" data-testid="resume" onClick={() => void resume()}>
                {text.run.resume}
              </button>
              <button type="button" className="quiet" data-testid="step" onClick={() => void step()}>
                {text.run.step}
              </button>
            </>
          ) : (
            <button type="button" className="quiet" data-testid="pause" disabled={run.state !== "running"} onClick={() => void pause()}>
              {text.run.pause}
            </button>
          )}
          <button type="button" className="quiet" data-testid="stop" onClick={() => void stop()}>
            {text.run.stop}
          </button>
        </div>
      )}
      <Numbers />
      {run.notes.map((note) => (
        <p key={`${note.step} ${note.text}`} className="help">
          {text.loss.step} {note.step}: {note.text}
        </p>
      ))}
      {run.offer && <Offer />}
      {active(run) && run.steps.length > 0 && <LearningRateNow />}
      {active(run) && <Notice />}
      {lookedAt ? <LookedAt kept={lookedAt} /> : <Export />}
    </section>
  );
}

/** A kept run that is shown as it was: its weights come onto the device when they are asked for. */
function LookedAt({ kept }: { kept: KeptRun }) {
  const { store } = useParts();
  const { name, last, best, problem, holder } = kept;
  const { openRun, continueRun } = store.getState();
  const busy = useStudio(working);
  const ended = kept.state === "finished" && kept.step >= kept.config.train.steps;
  return (
    <>
      <p className="help">{text.library.lookedAt(name)}</p>
      {!problem && holder === null && (
        <div className="buttons">
          {!ended && (
            <button type="button" className="quiet" disabled={busy} onClick={() => void continueRun(kept)}>
              {last ? text.library.goOnFrom(last.step) : text.library.anew}
            </button>
          )}
          {last && (
            <button type="button" className="quiet" title={text.library.openHelp} disabled={busy} onClick={() => void openRun(kept, "last")}>
              {text.library.open.last}
            </button>
          )}
          {best && best.step !== last?.step && (
            <button type="button" className="quiet" title={text.library.openHelp} disabled={busy} onClick={() => void openRun(kept, "best")}>
              {text.library.open.best(best.step)}
            </button>
          )}
        </div>
      )}
    </>
  );
}

/** What a run that failed could go on with. */
function Offer() {
  const { store, library } = useParts();
  const { offer, kept } = useStudio((state) => state.run);
  const busy = useStudio(working);
  if (!kept || !offer) return null;
  const { batch_size, gradient_accumulation_steps } = offer;
  const take = async () => {
    await library.getState().refresh();
    const record = library.getState().kept?.runs.find(({ id }) => id === kept.id);
    if (record) await store.getState().continueRun(record, offer);
  };
  return (
    <div className="buttons">
      <button type="button" className="quiet" data-testid="offer" disabled={busy} onClick={() => void take()}>
        {batch_size && gradient_accumulation_steps ? text.library.smaller(batch_size, gradient_accumulation_steps) : text.library.inWasm}
      </button>
    </div>
  );
}

function Numbers() {
  const run = useStudio((state) => state.run);
  const total = useStudio((state) => state.runConfig!.train.steps);
  const { length, columns } = run.steps;
  const now = speed(run);
  const elapsed = length > 0 ? columns.time[length - 1] / 1000 : 0;
  const numbers: [title: string, value: string][] = [];
  const [before, after] = [run.evaluations[0], run.evaluations.at(-1)];
  if (before && after && after !== before) {
    numbers.push([text.run.heldLoss, text.run.fromTo(before.loss.toFixed(2), after.loss.toFixed(2))]);
    for (const [i, [name, now]] of metricsOf(after).entries()) numbers.push([text.run.heldMetric(name), text.run.fromTo(metricsOf(before)[i][1], now)]);
  }
  if (now) {
    numbers.push([text.run.stepsPerSecond, short(now.stepsPerSecond)], [text.run.tokensPerSecond, count(Math.round(now.tokensPerSecond))]);
    numbers.push(active(run) ? [text.run.left, duration((total - run.step) / now.stepsPerSecond)] : [text.run.elapsed, duration(elapsed)]);
    numbers.push([text.run.gradNorm, short(columns.gradNorm[length - 1])]);
  }
  return (
    <>
      {numbers.length > 0 && (
        <dl className="numbers">
          {numbers.map(([title, value]) => (
            <div key={title}>
              <dd>{value}</dd>
              <dt>{title}</dt>
            </div>
          ))}
        </dl>
      )}
      {run.plan && <p className="help planned">{planned(run.plan)}</p>}
    </>
  );
}

/** "WebGPU · 225 dispatches per step · 24 pipelines · 26 MB"; only WebGPU has dispatches and pipelines. */
function planned({ backend, dispatches, pipelines, memory }: NonNullable<RunView["plan"]>): string {
  const parts = [text.backends[backend] ?? backend];
  if (pipelines > 0) parts.push(`${count(dispatches)} ${text.run.dispatches}`, `${pipelines} ${text.run.pipelines}`);
  return [...parts, bytes(memory.total)].join(" · ");
}

/** Sets the rate of the steps to come; the schedule scales it as before. */
function LearningRateNow() {
  const { store } = useParts();
  const set = useStudio((state) => state.runConfig!.train.learning_rate);
  const info = useStudio((state) => state.catalogue.fields["train.learning_rate"]);
  const [written, setWritten] = useState(String(set));
  const rate = Number(written);
  const valid = written.trim() !== "" && rate >= (info?.min ?? 0) && rate <= (info?.max ?? Infinity);
  return (
    <form
      className="inline"
      onSubmit={(event) => {
        event.preventDefault();
        if (valid) void store.getState().setLearningRate(rate);
      }}
    >
      <label>
        {text.run.learningRate}
        <input inputMode="decimal" autoComplete="off" value={written} aria-invalid={!valid} onChange={(event) => setWritten(event.target.value)} />
      </label>
      <button className="quiet" disabled={!valid}>
        {text.run.set}
      </button>
    </form>
  );
}
