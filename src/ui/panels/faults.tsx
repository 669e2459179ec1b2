// faults.tsx — what went wrong, where, and what to do; and notes of the run. Shown until dismissed.
import { useParts, useStudio } from "../context.ts";
import { text } from "../strings.ts";

export function Faults() {
  const { store } = useParts();
  const faults = useStudio((state) => state.faults);
  const run = useStudio((state) => state.run);
  const failed = run.state === "failed" ? { what: run.detail ?? text.run.states.failed, hint: run.hint, where: `${text.loss.step} ${run.step}` } : null;
  if (faults.length === 0 && !failed) return null;
  return (
    <div className="faults" role="alert">
      {failed && <Message {...failed} />}
      {faults
        .filter((fault) => fault.what !== failed?.what)
        .map((fault) => (
          <Message key={fault.what} {...fault} dismiss={() => store.getState().dismiss(fault)} />
        ))}
    </div>
  );
}

function Message({ what, where, hint, dismiss }: { what: string; where?: string; hint?: string; dismiss?: () => void }) {
  return (
    <div className="fault">
      <p>
        <strong>{what}</strong> {where && <span className="muted">({where})</span>} {hint}
      </p>
      {dismiss && (
        <button type="button" className="icon" aria-label={text.fault.dismiss} onClick={dismiss}>
          ×
        </button>
      )}
    </div>
  );
}
