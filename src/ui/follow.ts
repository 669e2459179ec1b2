// follow.ts — a run that the page shows: followed as it happens, gone on with, brought onto the device, or only looked at.
import type { StoreApi } from "zustand/vanilla";
import type { GivenFile, KeptRun, Onward, RunConfig, Session, TrainEvent } from "../protocol.ts";
import { active, emptyRun, fold, type RunView } from "./fold.ts";
import { replay, withRun } from "./runs.ts";
import type { Studio } from "./store.ts";
import { text } from "./strings.ts";

/** ms between two updates of the page from events, at least. */
const flushEvery = 100;

export interface Following {
  train(): Promise<void>;
  /** Files of an adapter that is offered for use; empty: they are still to be picked, null: none is. */
  adapter: readonly GivenFile[] | null;
  offerAdapter(files: readonly GivenFile[] | null): void;
  /** The adapter offered onto the device, to be asked; or a run that begins as it. */
  takeAdapter(what: "try" | "train"): Promise<void>;
  /** From its last state; `onward` may give it more steps, or smaller batches. */
  continueRun(run: KeptRun, onward?: Onward): Promise<void>;
  /** Its state onto the device: to be asked and exported. */
  openRun(run: KeptRun, which: "last" | "best"): Promise<void>;
  /** As it was, without its weights. */
  lookAt(run: KeptRun): Promise<void>;
}

type Call = <T>(where: string, work: () => Promise<T>) => Promise<T | undefined>;
type Store = Pick<StoreApi<Studio>, "getState" | "setState">;

/** free: whether the session has nothing under way. */
export function following(client: Session, { getState: get, setState: set }: Store, call: Call, free: () => boolean): Following {
  let begun = 0;
  /** Another run takes the place of the one that is shown, which is remembered. */
  const show = (run: RunView, runConfig: RunConfig, lookedAt: KeptRun | null): void => {
    const { run: last, runConfig: lastConfig, runs } = get();
    const remembered = lastConfig ? withRun(runs, { id: `run ${begun}`, name: text.runs.name(begun), ...last.kept, config: lastConfig, run: last }) : runs;
    set({ run, runConfig, lookedAt, runs: remembered });
    begun++;
  };
  const follow = async (where: string, runConfig: RunConfig, work: (onEvents: (events: TrainEvent[]) => void) => Promise<void>): Promise<void> => {
    show({ ...emptyRun(), state: "loading" }, runConfig, null);
    let queue: TrainEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const flush = () => {
      timer = null;
      const events = queue;
      queue = [];
      if (events.length > 0) set((state) => ({ run: events.reduce(fold, state.run) }));
    };
    await call(where, () =>
      work((events) => {
        queue.push(...events);
        timer ??= setTimeout(flush, flushEvery);
      }),
    );
    if (timer !== null) clearTimeout(timer);
    flush();
    // A call that was rejected leaves the run without its last state.
    if (active(get().run)) set((state) => ({ run: { ...state.run, state: "failed", detail: state.faults.at(-1)?.what } }));
    await get().refresh();
  };
  return {
    async train() {
      const { config } = get();
      await follow("train", config, (onEvents) => client.train(config, onEvents));
    },
    adapter: null,
    offerAdapter: (adapter) => set({ adapter }),
    async takeAdapter(what) {
      const { adapter, config } = get();
      if (!free() || !adapter?.length) return;
      set({ adapter: null });
      await follow("adapter", config, (onEvents) => client.takeAdapter(config, [...adapter], what, onEvents));
    },
    async continueRun({ id, name, config }, onward = {}) {
      if (!free()) return;
      const { backend = config.backend, ...train } = onward;
      await follow(name, { ...config, backend, train: { ...config.train, ...train } }, (onEvents) => client.continueRun(id, onward, onEvents));
    },
    async openRun({ id, name, config }, which) {
      if (!free()) return;
      await follow(name, config, (onEvents) => client.openRun(id, which, onEvents));
    },
    async lookAt(kept) {
      if (active(get().run)) return;
      const events = await call(kept.name, () => client.runEvents(kept.id));
      if (!events || active(get().run)) return;
      const run = { ...replay(events), kept: { id: kept.id, name: kept.name } };
      show(active(run) ? { ...run, state: "stopped" } : run, kept.config, kept);
    },
  };
}
