// learning-rate.tsx — the learning rate as a small multiple beside the loss: a line without axes, and its value now.
import type { RunView } from "../fold.ts";
import { text } from "../strings.ts";

const width = 96;
const height = 22;

export function LearningRate({ steps, total, now }: { steps: RunView["steps"]; total: number; now: string }) {
  const { step, learningRate } = steps.columns;
  let most = 0;
  for (let i = 0; i < steps.length; i++) most = Math.max(most, learningRate[i]);
  const stride = Math.max(1, Math.floor(steps.length / width));
  const points: string[] = [];
  for (let i = 0; i < steps.length; i += stride) {
    const x = (step[i] / Math.max(total, step[steps.length - 1])) * width;
    points.push(`${x.toFixed(1)},${(height - 1 - (learningRate[i] / (most || 1)) * (height - 2)).toFixed(1)}`);
  }
  return (
    <span className="small-multiple">
      <span className="muted">{text.loss.learningRate}</span>
      <svg width={width} height={height} aria-hidden="true">
        <polyline points={points.join(" ")} fill="none" stroke="var(--muted)" strokeWidth="1.25" />
      </svg>
      <span className="number">{now}</span>
    </span>
  );
}
