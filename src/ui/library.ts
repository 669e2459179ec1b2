// library.ts — the state of the Runs page: the kept runs as the session lists them, which are compared, and what is done with them.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { KeptRun, KeptRuns, Problem, RunRecord, Session } from "../protocol.ts";
import type { RunView } from "./fold.ts";
import { replay } from "./runs.ts";
import { save } from "./save.ts";
import type { Fault, Studio } from "./store.ts";
import { text } from "./strings.ts";

/** Compared at once, at most. */
export const mostCompared = 6;

export interface Library {
  /** null: not known yet. */
  kept: KeptRuns | null;
  /** Ids of those to compare, in the order in which they were chosen. */
  chosen: readonly string[];
  /** Runs whose log was read, by id, with the step up to which it was. */
  views: Readonly<Record<string, { run: RunView; changed: number }>>;
  /** What goes on and may take a while, in words. */
  busy: string | null;
  /** What was done last, where one does not see it. */
  said: string | null;

  refresh(): Promise<void>;
  change(id: string, part: Partial<Pick<RunRecord, "name" | "notes" | "tags">>): Promise<void>;
  duplicate(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  takeBack(id: string): Promise<void>;
  /** Deleted runs go for good. */
  sweep(): Promise<void>;
  choose(id: string, on: boolean): void;
  /** Reads the logs of those that are compared. */
  view(): Promise<void>;
  export(ids: readonly string[]): Promise<void>;
  import(zip: Blob): Promise<void>;
}

/** Those that are not deleted. */
export const present = (kept: KeptRuns | null): KeptRun[] => kept?.runs.filter((run) => run.deleted === undefined) ?? [];

/** Cut off in the middle: by a reload, a crash, a closed tab. */
export const cutOff = ({ state, holder, problem }: KeptRun): boolean =>
  holder === null && !problem && (state === "running" || state === "paused" || state === "loading");

export function createLibrary(client: Session, studio: Pick<StoreApi<Studio>, "getState">): StoreApi<Library> {
  return createStore<Library>((set, get) => {
    const fail = (fault: Fault): void => studio.getState().fail(fault);
    const tell = (answer: { problems: Problem[] } | object | null | undefined): boolean => {
      if (!answer || !("problems" in answer)) return true;
      for (const { what, where, hint } of answer.problems) fail({ what, where, hint });
      return answer.problems.length === 0;
    };
    /** Runs a call, shows what went wrong, and lists the runs anew. */
    const act = async <T extends object | null | void>(where: string, work: () => Promise<T>): Promise<T | undefined> => {
      let answer: T | undefined;
      try {
        answer = await work();
        tell(answer as object | null);
      } catch (error) {
        fail({ what: error instanceof Error ? error.message : String(error), where });
      }
      await get().refresh();
      return answer;
    };
    const during = async (words: string, work: () => Promise<void>): Promise<void> => {
      set({ busy: words, said: null });
      try {
        await work();
      } finally {
        set({ busy: null });
      }
    };
    return {
      kept: null,
      chosen: [],
      views: {},
      busy: null,
      said: null,

      async refresh() {
        try {
          const kept = await client.runs();
          const ids = new Set(present(kept).map(({ id }) => id));
          set(({ chosen }) => ({ kept, chosen: chosen.every((id) => ids.has(id)) ? chosen : chosen.filter((id) => ids.has(id)) }));
        } catch (error) {
          fail({ what: error instanceof Error ? error.message : String(error), where: text.pages.runs });
        }
      },
      change: async (id, part) => void (await act(text.pages.runs, () => client.changeRun(id, part))),
      duplicate: async (id) => void (await act(text.pages.runs, () => client.duplicateRun(id))),
      remove: async (id) => void (await act(text.pages.runs, () => client.deleteRun(id))),
      takeBack: async (id) => void (await act(text.pages.runs, () => client.undeleteRun(id))),
      sweep: async () => void (await act(text.pages.runs, () => client.sweepRuns())),
      choose(id, on) {
        set(({ chosen }) => ({ chosen: on ? [...chosen.filter((one) => one !== id), id].slice(-mostCompared) : chosen.filter((one) => one !== id) }));
        void get().view();
      },
      async view() {
        for (const id of get().chosen) {
          const record = get().kept?.runs.find((run) => run.id === id);
          if (!record || get().views[id]?.changed === record.changed) continue;
          try {
            const run = replay(await client.runEvents(id));
            set(({ views }) => ({ views: { ...views, [id]: { run, changed: record.changed } } }));
          } catch (error) {
            fail({ what: error instanceof Error ? error.message : String(error), where: record.name });
          }
        }
      },
      export: (ids) =>
        during(text.library.exporting, async () => {
          const file = await act(text.library.export, () => client.exportRuns([...ids]));
          if (file && "bytes" in file) save(file.name, file.bytes as BlobPart, "application/zip");
        }),
      import: (zip) =>
        during(text.library.importing, async () => {
          const answer = await act(text.library.import, () => client.importRuns(zip));
          if (answer?.ids.length) set({ said: text.library.imported(answer.ids.length) });
        }),
    };
  });
}
