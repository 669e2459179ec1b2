// curve-switches.tsx — how curves are drawn: over what, how smooth, on which scale, and which part of them.
import { Segments } from "../segments.tsx";
import { text } from "../strings.ts";
import type { Curves, SetCurves } from "./use-curves.ts";
import { everything, following, moved, overs, scaled, type Range } from "./x-axis.ts";

interface Props {
  curves: Curves;
  setCurves: SetCurves;
  /** The whole axis. */
  all: Range;
  /** Where the last step lies; absent: nothing is added any more, there is nothing to follow. */
  newest?: number;
}

const words = text.curves;

export function CurveSwitches({ curves: { over, smoothing, log, clip, zoom }, setCurves, all, newest }: Props) {
  const last = newest ?? all[1];
  const least = (all[1] - all[0]) / 1000;
  const button = (title: string, shows: string, act: () => void, disabled = false) => (
    <button type="button" className="quiet" aria-label={title} title={title} disabled={disabled} onClick={act}>
      {shows}
    </button>
  );
  return (
    <>
      <Segments
        label={words.over}
        options={overs.map((value) => ({ value, title: words.overs[value] }))}
        value={over}
        onChange={(to) => setCurves({ over: to })}
      />
      <span className="zoom" role="group" aria-label={words.part}>
        {button(words.nearer, "+", () => setCurves({ zoom: scaled(zoom, all, last, 0.5, least) }))}
        {button(words.further, "−", () => setCurves({ zoom: scaled(zoom, all, last, 2, least) }), !zoom.range)}
        {button(words.earlier, "◂", () => setCurves({ zoom: moved(zoom, all, last, -0.5) }), !zoom.range)}
        {button(words.later, "▸", () => setCurves({ zoom: moved(zoom, all, last, 0.5) }), !zoom.range)}
        {button(words.allOfIt, words.all, () => setCurves({ zoom: everything }), !zoom.range)}
      </span>
      {newest !== undefined && (
        <label className="check">
          <input
            type="checkbox"
            checked={zoom.follow}
            onChange={({ target }) => setCurves({ zoom: target.checked ? following(zoom, all, newest) : { ...zoom, follow: false } })}
          />
          {words.follow}
        </label>
      )}
      <label className="slider">
        {words.smoothing}
        <input type="range" min={0} max={0.98} step={0.02} value={smoothing} onChange={({ target }) => setCurves({ smoothing: Number(target.value) })} />
        <output>{smoothing.toFixed(2)}</output>
      </label>
      <label className="check">
        <input type="checkbox" checked={log} onChange={({ target }) => setCurves({ log: target.checked })} />
        {words.log}
      </label>
      <label className="check" title={words.clipHelp}>
        <input type="checkbox" checked={clip} onChange={({ target }) => setCurves({ clip: target.checked })} />
        {words.clip}
      </label>
    </>
  );
}
