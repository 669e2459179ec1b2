// fold.ts — the page's view of a run as a pure fold over its events: replaying a log gives the same view again.
import type { Onward, RunState, SiteInfo, TrainEvent } from "../protocol.ts";
import { append, emptySeries, type Series } from "./series.ts";

type Of<T extends TrainEvent["type"]> = Omit<Extract<TrainEvent, { type: T }>, "type">;

export type StepColumn = "step" | "loss" | "learningRate" | "gradNorm" | "tokens" | "ms" | "time";

/** What the heatmap shows for one window of steps. Arrays run in the order of `sites`. */
export interface SitesWindow extends Of<"sites"> {
  sites: readonly SiteInfo[];
}

export type Allocation = Of<"allocation">;

/** The map as it was after a step: the ranks, what was measured last, and how many allocations there had been. */
export interface Moment {
  step: number;
  sites: readonly SiteInfo[];
  window: SitesWindow | undefined;
  allocations: number;
}

export interface RunView {
  /** Under which it is kept. */
  kept: { id: string; name: string } | null;
  state: RunState | "idle";
  step: number;
  /** What happened and what to do, of the last state event. */
  detail?: string;
  hint?: string;
  offer?: Onward;
  /** One entry per phase, in the order in which phases first appeared. */
  progress: readonly Of<"progress">[];
  plan: Of<"plan"> | null;
  sites: readonly SiteInfo[];
  steps: Series<StepColumn>;
  windows: readonly SitesWindow[];
  allocations: readonly Allocation[];
  /** One per step at which the map changed. */
  moments: readonly Moment[];
  evaluations: readonly Of<"evaluation">[];
  samples: readonly Of<"sample">[];
  notes: readonly Of<"note">[];
}

export const emptyRun = (): RunView => ({
  kept: null,
  state: "idle",
  step: 0,
  progress: [],
  plan: null,
  sites: [],
  steps: emptySeries(["step", "loss", "learningRate", "gradNorm", "tokens", "ms", "time"]),
  windows: [],
  allocations: [],
  moments: [],
  evaluations: [],
  samples: [],
  notes: [],
});

export function fold(run: RunView, event: TrainEvent): RunView {
  switch (event.type) {
    case "run":
      return { ...emptyRun(), kept: { id: event.id, name: event.name } };
    case "state":
      return { ...run, state: event.state, step: event.step, detail: event.detail, hint: event.hint, offer: event.offer };
    case "progress": {
      const { type: _, ...entry } = event;
      const at = run.progress.findIndex((p) => p.phase === entry.phase);
      return { ...run, progress: at < 0 ? [...run.progress, entry] : run.progress.with(at, entry) };
    }
    case "plan": {
      const { type: _, ...plan } = event;
      return { ...run, plan, sites: plan.sites };
    }
    case "step":
      return { ...run, step: event.step, steps: append(run.steps, event) };
    case "sites":
      return noted(event.step, {
        ...run,
        windows: [...run.windows, { step: event.step, gradNorm: event.gradNorm, deltaNorm: event.deltaNorm, sites: run.sites }],
      });
    case "evaluation": {
      const { type: _, ...evaluation } = event;
      return { ...run, evaluations: [...run.evaluations, evaluation] };
    }
    case "sample": {
      const { type: _, ...sample } = event;
      return { ...run, samples: [...run.samples, sample] };
    }
    case "ranks":
      return noted(event.step, { ...run, sites: event.sites });
    case "allocation": {
      const { type: _, ...allocation } = event;
      return noted(event.step, { ...run, allocations: [...run.allocations, allocation], sites: rankedAs(run.sites, allocation.ranks) });
    }
    case "note":
      return { ...run, notes: [...run.notes, { step: event.step, text: event.text }] };
    default:
      event satisfies never;
      return run;
  }
}

/** The run with the map of `step` in its history. */
function noted(step: number, run: RunView): RunView {
  const moment: Moment = { step, sites: run.sites, window: run.windows.at(-1), allocations: run.allocations.length };
  const earlier = run.moments.at(-1)?.step === step ? run.moments.slice(0, -1) : run.moments;
  return { ...run, moments: [...earlier, moment] };
}

/** ranks in the order of sites; 0: off, nothing learns there. */
export const rankedAs = (sites: readonly SiteInfo[], ranks: readonly number[]): SiteInfo[] =>
  sites.map((site, i) => ({ ...site, r: ranks[i], parameters: ranks[i] * (site.in + site.out) }));

export const active = (run: RunView): boolean => run.state === "loading" || run.state === "running" || run.state === "paused";

/** Speed over the last `window` steps: by the clock of the run, so that pipelined steps are not counted twice. */
export function speed(run: RunView, window = 30): { stepsPerSecond: number; tokensPerSecond: number } | null {
  const { length, columns } = run.steps;
  const first = Math.max(0, length - 1 - window);
  const seconds = (columns.time[length - 1] - columns.time[first]) / 1000;
  if (length < 2 || !(seconds > 0)) return null;
  let tokens = 0;
  for (let i = first + 1; i < length; i++) tokens += columns.tokens[i];
  return { stepsPerSecond: (length - 1 - first) / seconds, tokensPerSecond: tokens / seconds };
}
