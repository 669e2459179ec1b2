// while-training.ts — what the page does beside training: the title shows progress, the screen stays on, and a notification comes at the end if it is wanted.
import { useEffect, useRef } from "react";
import type { Compared } from "./compare/store.ts";
import { useCompared, useStudio } from "./context.ts";
import { active } from "./fold.ts";
import { text } from "./strings.ts";

const notifyKey = "rankscope.notify";

export const canNotify = (): boolean => typeof Notification === "function";

export function wantsNotice(): boolean {
  try {
    return canNotify() && Notification.permission === "granted" && localStorage.getItem(notifyKey) === "yes";
  } catch {
    return false;
  }
}

/** Asks the browser where it must be asked; whether a notification will come. */
export async function wantNotice(want: boolean): Promise<boolean> {
  const allowed = want && canNotify() && (Notification.permission === "granted" || (await Notification.requestPermission()) === "granted");
  try {
    localStorage.setItem(notifyKey, allowed ? "yes" : "no");
  } catch {
    // Storage may be closed to the page: then the wish is not remembered, and nothing comes.
  }
  return wantsNotice();
}

/** usual: the title of the page that is shown. */
export function useProgressTitle(usual: string): void {
  const progress = useStudio(({ run, runConfig }) =>
    active(run) && runConfig ? text.library.titleBar(run.step, runConfig.train.steps, text.run.states[run.state as "running"]) : null,
  );
  const compared = useCompared((state) => (state.running ? text.comparison.titleBar(...runsOf(state)) : null));
  useEffect(() => {
    document.title = progress ?? compared ?? usual;
  }, [progress, compared, usual]);
}

/** A laptop does not fall asleep over a run. The lock goes when the tab is hidden and is taken again when it comes back. */
export function useWakeLock(): void {
  const running = useStudio((state) => state.run.state === "running" || state.comparing);
  useEffect(() => {
    if (!running || !("wakeLock" in navigator)) return;
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const take = async () => {
      if (document.visibilityState !== "visible") return;
      // Refused at a low battery, or by a policy: then the screen does as it likes.
      const taken = await navigator.wakeLock.request("screen").catch(() => null);
      if (over) await taken?.release();
      else lock = taken;
    };
    void take();
    document.addEventListener("visibilitychange", take);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", take);
      void lock?.release();
    };
  }, [running]);
}

/** Told when a run or a comparison ends while nobody looks. */
export function useNotice(): void {
  const state = useStudio((studio) => studio.run.state);
  const kept = useStudio((studio) => studio.run.kept);
  const ended = state === "finished" || state === "failed";
  useEnd(state === "running", ended ? text.library.done(kept?.name ?? text.name, text.run.states[state]) : null);
  const comparing = useCompared(({ running }) => running);
  useEnd(comparing, useCompared((compared) => text.comparison.ended(compared.name, ...runsOf(compared)))); // prettier-ignore
}

/** Runs of the comparison that are there, and of how many. */
const runsOf = ({ draft, summary }: Compared): [done: number, of: number] => [summary?.finished ?? 0, draft ? draft.arms.length * draft.seeds.length : 0];

/** said: what has ended; null: it has not, it only rests. */
function useEnd(going: boolean, said: string | null): void {
  const before = useRef(going);
  useEffect(() => {
    const was = before.current;
    before.current = going;
    if (!was || going || said === null || document.visibilityState === "visible" || !wantsNotice()) return;
    const notice = new Notification(text.name, { body: said, tag: "rankscope-end" });
    notice.addEventListener("click", () => window.focus());
  }, [going, said]);
}
