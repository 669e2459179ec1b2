// queue.tsx — the runs of a comparison, an arm per line and a seed per column: which are there, which is under way, which failed; start and stop.
import { useEffect, useState } from "react";
import { level } from "../../statistics/measure-words.ts";
import { useCompared, useParts, useStudio } from "../context.ts";
import { active } from "../fold.ts";
import { duration } from "../format.ts";
import { Notice } from "../panels/notice.tsx";
import { text } from "../strings.ts";

const words = text.comparison;

export function Queue() {
  const draft = useCompared((state) => state.draft)!;
  const summary = useCompared((state) => state.summary);
  const now = useCompared((state) => state.progress?.now);
  return (
    <section aria-labelledby="comparison-queue">
      <h2 id="comparison-queue">{words.queue}</h2>
      <p className="help">{words.queueHelp}</p>
      <Controls />
      <div className="scroll-x" tabIndex={0} role="region" aria-label={words.queueTable}>
        <table className="sites comparison-runs" data-testid="comparison-runs">
          <thead>
            <tr>
              <th scope="col">{words.arm}</th>
              {draft.seeds.map((seed) => (
                <th key={seed} scope="col">
                  {words.seed(seed)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {draft.arms.map(({ name }) => {
              const arm = summary?.arms.find((a) => a.name === name);
              return (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {draft.seeds.map((seed) => {
                    const point = arm?.points.find((p) => p.seed === seed);
                    const failed = arm?.failed.find((f) => f.seed === seed);
                    if (now?.arm === name && now.seed === seed)
                      return (
                        <td key={seed} className="now">
                          {now.steps ? words.running(Math.floor((100 * now.step) / now.steps)) : words.preparing}
                        </td>
                      );
                    if (point) return <td key={seed}>{level(point.value, summary!.measure)}</td>;
                    return failed ? (
                      <td key={seed} className="wrong" title={failed.what}>
                        {words.failed}
                      </td>
                    ) : (
                      <td key={seed} className="muted">
                        {words.waiting}
                      </td>
                    );
                  })}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {summary?.arms.flatMap(({ name, failed }) =>
        failed.map(({ seed, what }) => (
          <p key={`${name} ${seed}`} className="help wrong">
            {name}, {words.seed(seed)}: {what}
          </p>
        )),
      )}
    </section>
  );
}

function Controls() {
  const { compared, store } = useParts();
  const draft = useCompared((state) => state.draft)!;
  const summary = useCompared((state) => state.summary);
  const check = useCompared((state) => state.check);
  const running = useCompared((state) => state.running);
  const progress = useCompared((state) => state.progress);
  const elsewhere = useCompared((state) => state.kept?.find((one) => one.record.id === state.id)?.holder === "elsewhere");
  const training = useStudio((state) => active(state.run) || state.benchmark.state === "running" || state.scoring.state === "running");
  const [ending, setEnding] = useState(false);
  useEffect(() => {
    if (!running) setEnding(false);
  }, [running]);
  const finished = summary?.finished ?? 0;
  const moved = check?.moved ?? 0;
  const left = draft.arms.length * draft.seeds.length - finished + moved;
  if (running) {
    const { now, left: runs = left, seconds = null } = progress ?? {};
    const where = !now ? "" : now.step || !now.phase ? words.now(now.arm, now.seed, now.step, now.steps) : words.nowPhase(now.arm, now.seed, now.phase);
    return (
      <div className="comparison-go">
        <progress aria-label={words.queue} max={runs || 1} value={now?.steps ? now.step / now.steps : 0} hidden={!now} />
        <p className="number-line">
          {where && `${where} · `}
          <span className="muted">{words.remaining(runs, seconds === null ? null : duration(seconds))}</span>
        </p>
        <button
          type="button"
          className="quiet"
          title={words.stopHelp}
          disabled={ending}
          data-testid="stop-comparison"
          onClick={() => {
            setEnding(true);
            void store.getState().stop();
          }}
        >
          {words.stop}
        </button>
        <Notice />
      </div>
    );
  }
  if (elsewhere) return <p className="notice">{words.elsewhere}</p>;
  if (left <= 0) return <p className="muted">{words.allThere}</p>;
  const blocked = training || !check || check.problems.length > 0;
  return (
    <div className="comparison-go">
      {moved > 0 && <p className="notice">{words.moved(moved)}</p>}
      <button type="button" className="primary" disabled={blocked} data-testid="start-comparison" onClick={() => void compared.getState().run()}>
        <span aria-hidden="true">▶ </span>
        {finished ? words.goOn(left) : words.start(left)}
      </button>
      {training && <p className="help">{words.busy}</p>}
    </div>
  );
}
