// use-curves.ts — how curves are looked at: how smooth, on which scales, which part. One state for a chart and the switches below it.
import { useCallback, useState } from "react";
import { everything, type Over, type Zoom } from "./x-axis.ts";

export interface Curves {
  /** β of the moving average, 0..1. */
  smoothing: number;
  log: boolean;
  /** Single spikes are cut off at the top. */
  clip: boolean;
  over: Over;
  zoom: Zoom;
}

export type SetCurves = (change: Partial<Curves>) => void;

export function useCurves(): [Curves, SetCurves] {
  const [curves, setCurves] = useState<Curves>({ smoothing: 0.8, log: false, clip: true, over: "step", zoom: everything });
  // A part of the steps is no part of the time.
  const change = useCallback<SetCurves>(
    (part) => setCurves((now) => ({ ...now, ...(part.over && part.over !== now.over ? { zoom: everything } : {}), ...part })),
    [],
  );
  return [curves, change];
}
