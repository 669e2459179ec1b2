// scrubber.tsx — the history of the map: a slider over its windows of steps, and play.
import { useEffect, useState } from "react";
import { text } from "../strings.ts";

/** ms per window while playing; a long history is played in larger strides, so that it takes at most ten seconds. */
const frame = 100;
const longest = 10_000;

interface Props {
  /** Last step of each window. */
  steps: readonly number[];
  /** null: the newest, and following. */
  at: number | null;
  onChange: (at: number | null) => void;
}

export function Scrubber({ steps, at, onChange }: Props) {
  const [playing, setPlaying] = useState(false);
  const last = steps.length - 1;
  useEffect(() => {
    if (!playing) return;
    const stride = Math.ceil((steps.length * frame) / longest);
    const timer = setTimeout(() => {
      const next = (at ?? -1) + stride;
      onChange(next >= last ? null : next);
      if (next >= last) setPlaying(false);
    }, frame);
    return () => clearTimeout(timer);
  }, [playing, at, last, steps.length, onChange]);
  const toggle = () => {
    if (!playing) onChange(0);
    setPlaying(!playing);
  };
  return (
    <span className="scrubber">
      <button type="button" className="icon" aria-label={playing ? text.heatmap.pausePlay : text.heatmap.play} title={text.heatmap.play} onClick={toggle}>
        {playing ? "❚❚" : "▶"}
      </button>
      <input
        type="range"
        aria-label={text.heatmap.scrub}
        aria-valuetext={text.heatmap.window(steps[at ?? last])}
        min={0}
        max={last}
        value={at ?? last}
        onChange={(event) => {
          setPlaying(false);
          const next = Number(event.target.value);
          onChange(next === last ? null : next);
        }}
      />
      <output className="muted number">{text.heatmap.window(steps[at ?? last])}</output>
    </span>
  );
}
