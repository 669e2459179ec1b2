// phases.tsx — getting ready, phase by phase, with numbers: rows, weights, pipelines.
import type { Phase } from "../../protocol.ts";
import { useStudio } from "../context.ts";
import { bytes, count } from "../format.ts";
import { text } from "../strings.ts";

const amount = (n: number, unit: string): string => (unit === "bytes" ? bytes(n) : count(n));

export function Phases() {
  const progress = useStudio((state) => state.run.progress);
  const detail = useStudio((state) => state.run.detail);
  return (
    <div className="phases">
      {progress.length === 0 && <p className="muted">{detail ?? text.run.states.loading}</p>}
      {progress.map((one) => (
        <PhaseRow key={one.phase} of={one} />
      ))}
    </div>
  );
}

export function PhaseRow({ of: { phase, done, total, unit } }: { of: Phase }) {
  return (
    <div className="phase">
      <span>{phase}</span>
      <progress aria-label={phase} value={done} max={total || 1} />
      <span className="muted number">
        {amount(done, unit)} / {amount(total, unit)}
        {unit === "bytes" ? "" : ` ${unit}`}
      </span>
    </div>
  );
}
