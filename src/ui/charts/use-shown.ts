// use-shown.ts — what the map shows, from the store: this run at a moment of its history, or the next run; and an earlier run to compare it with.
import { useMemo } from "react";
import { useShallow } from "zustand/react/shallow";
import { useStudio } from "../context.ts";
import { active, type RunView } from "../fold.ts";
import { describeRun } from "../runs.ts";
import { decidedBy, scoresOf } from "../scoring.ts";
import { text } from "../strings.ts";
import { handRanks } from "../with-rank.ts";
import { useEarlier } from "./use-earlier.ts";
import { momentAt, shownOfRun, shownOfSetup, type Mapped, type Shown } from "./shown.ts";

/** What the visitor chose; null: what is usual. */
export interface Choice {
  source: "run" | "setup" | null;
  /** Which moment of the run; null: the newest, and following. */
  at: number | null;
  /** Id of the run to compare with. */
  against: string | null;
}

const current = "this run";
const mapped = ({ sites, windows, moments, allocations, plan }: RunView): Mapped => ({ sites, windows, moments, allocations, plan });
const sameSites = (a: Shown["sites"], b: Shown["sites"]): boolean => a.length === b.length && a.every((site, i) => site.name === b[i].name);

export function useShown({ source, at, against }: Choice) {
  const run = useStudio(useShallow((state) => mapped(state.run)));
  const { catalogue, planned, preview, scores, hand, runConfig, runs, busy } = useStudio(
    useShallow((state) => ({
      catalogue: state.catalogue,
      planned: state.sites,
      preview: state.allocated,
      scores: scoresOf(state.scoring, state.config),
      hand: decidedBy(state.catalogue, state.config) === "hand" ? state.config.allocation : null,
      runConfig: state.runConfig,
      runs: state.runs,
      busy: active(state.run),
    })),
  );
  const sameModel = sameSites(run.sites, planned);
  const differs = !sameModel || scores !== null || preview !== null || run.sites.some((site, i) => site.r !== planned[i].r);
  const ofRun = run.sites.length > 0 && (source ?? (busy || sameModel ? "run" : "setup")) === "run";
  const dynamic = runConfig?.allocation?.when === "dynamic";
  const ofThis = useMemo(() => shownOfRun(run, dynamic, at), [run, dynamic, at]);
  const ofNext = useMemo(() => shownOfSetup(planned, scores, preview), [planned, scores, preview]);
  const moment = ofRun ? run.moments[at ?? run.moments.length - 1] : undefined;

  const earlier = useEarlier();
  const others = useMemo(() => {
    const now =
      !ofRun && runConfig && run.moments.length > 0 ? [{ id: current, name: text.runs.current, config: runConfig, steps: run.moments.at(-1)!.step }] : [];
    return [...now, ...earlier.list];
  }, [ofRun, runConfig, run, earlier.list]);
  const other = others.find(({ id }) => id === against);
  const otherRun = other && (other.id === current ? run : runs.find(({ id }) => id === other.id)?.run);
  const otherDynamic = other?.config.allocation?.when === "dynamic";
  const second = useMemo(() => {
    if (!otherRun) return null;
    // Beside a moment of this run stands the same one of the other.
    const place = ofRun && at !== null && moment ? momentAt(otherRun, moment.step) : null;
    return shownOfRun(otherRun, otherDynamic, place);
  }, [otherRun, otherDynamic, ofRun, at, moment]);

  return {
    first: ofRun ? ofThis : ofNext,
    ofRun,
    /** The run's map is another one than that of the next run. */
    differs: run.sites.length > 0 && differs,
    /** Ranks of what is shown are ranks that the next run can have. */
    usable: sameModel || !ofRun,
    moments: ofRun ? run.moments : null,
    /** The last allocation, where there is one. */
    spent: ofRun ? ofThis.allocations.at(-1) : preview,
    scores,
    planned,
    /** Ranks that an allocation by hand asks for; null: there is none. */
    byHand: useMemo(() => hand && handRanks(hand, planned), [hand, planned]),
    busy,
    second: second && other ? { shown: second, names: [ofRun ? text.runs.current : text.runs.next, other.name] as const } : null,
    /** Runs to compare with; `look` before one is chosen. */
    others: others.map(({ id, name, config, steps }) => ({ id, title: text.runs.option(name, describeRun(catalogue, config), steps) })),
    look: earlier.look,
  };
}
