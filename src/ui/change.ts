// change.ts — how the form changes: field by field, or as a whole by a file, a preset, another run; and the way back and forth.
import type { StoreApi } from "zustand/vanilla";
import type { RunConfig, Session } from "../protocol.ts";
import type { Planned } from "./edits.ts";
import type { Studio } from "./store.ts";
import { text } from "./strings.ts";
import { remember, takenBack, type Undo } from "./undo.ts";

export interface Changing {
  /** Changes that can be taken back, the newest last. */
  past: readonly Undo[];
  /** Changes that were taken back and can be made again, the one taken back last at the end. */
  future: readonly Undo[];
  /** Another form as a whole. what: how it came, in words. */
  replaceConfig(config: RunConfig, what: string): void;
  /** Puts what a file of settings holds into the form: a configuration, or a run's zip. false: it holds rows or something else, and nothing was done. */
  openSettings(file: Blob, name: string): Promise<boolean>;
  undo(): void;
  redo(): void;
}

type Call = <T>(where: string, work: () => Promise<T>) => Promise<T | undefined>;
type Store = Pick<StoreApi<Studio>, "getState" | "setState">;

export function changing(client: Session, { getState: get, setState: set }: Store, call: Call) {
  const change = (what: Undo["what"], { config, sites }: Planned, whole = false): void =>
    set((state) => ({ config, sites, ...remember(state, what, config, whole) }));
  const travel = (from: "past" | "future", to: "past" | "future"): void => {
    const last = get()[from].at(-1);
    if (!last) return;
    const { planned, again } = takenBack(last, get());
    set((state) => ({ ...planned, invalid: {}, [from]: state[from].slice(0, -1), [to]: [...state[to], again] }));
  };
  const actions: Changing = {
    past: [],
    future: [],
    replaceConfig(config, what) {
      change(what, { config, sites: get().sites }, true);
      set({ invalid: {} });
    },
    async openSettings(file, name) {
      const answer = await call(name, () => client.readSettings(file, name));
      if (answer === null) return false;
      if (answer && "config" in answer) get().replaceConfig(answer.config, text.undo.file(name));
      else for (const { what, where, hint } of answer?.problems ?? []) get().fail({ what, where, hint });
      return true;
    },
    undo: () => travel("past", "future"),
    redo: () => travel("future", "past"),
  };
  return { change, ...actions };
}
