// experiment.tsx — the button of an experiment, its progress and what went wrong.
import { useStudio } from "../context.ts";
import { ProblemText } from "../panels/problem.tsx";
import { text } from "../strings.ts";
import { useBusy, type Experiment } from "./scored.ts";

export function ExperimentButton({ experiment: { scores, running, problems, run, cancel }, id }: { experiment: Experiment; id: string }) {
  const busy = useBusy();
  const { proxies } = useStudio((state) => state.catalogue);
  if (running)
    return (
      <div className="experiment" role="status">
        <span>
          {running.total > 0
            ? text.learn.running(proxies.find(({ name }) => name === running.proxy)?.title ?? running.proxy, running.done, running.total)
            : text.learn.ready}
        </span>
        <progress aria-label={text.scoring} value={running.total > 0 ? running.done : undefined} max={running.total || 1} />
        <button type="button" className="quiet" onClick={cancel}>
          {text.learn.cancel}
        </button>
      </div>
    );
  return (
    <div className="experiment">
      <button type="button" className="quiet" data-testid={`experiment-${id}`} disabled={busy} onClick={() => void run()}>
        {scores ? text.learn.again : text.learn.run}
      </button>
      {busy && <span className="muted">{text.learn.busy}</span>}
      {problems.map((problem) => (
        <p key={problem.where + problem.what} className="notice" role="alert">
          <ProblemText problem={problem} />
        </p>
      ))}
    </div>
  );
}
