// curve-switches.tsx — how curves of the loss are drawn: how smooth, and on which scale.
import { text } from "../strings.ts";

interface Props {
  smoothing: number;
  setSmoothing(to: number): void;
  log: boolean;
  setLog(to: boolean): void;
}

export function CurveSwitches({ smoothing, setSmoothing, log, setLog }: Props) {
  return (
    <>
      <label className="slider">
        {text.loss.smoothing}
        <input type="range" min={0} max={0.98} step={0.02} value={smoothing} onChange={(event) => setSmoothing(Number(event.target.value))} />
        <output>{smoothing.toFixed(2)}</output>
      </label>
      <label className="check">
        <input type="checkbox" checked={log} onChange={(event) => setLog(event.target.checked)} />
        {text.loss.log}
      </label>
    </>
  );
}
