// store.ts — the state of the Compare page: the kept comparisons, the one that is shown and edited, and its queue. An edit that reads as a comparison is
// kept at once; what is wrong with it is shown beside it.
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Arm, Comparison, ComparisonCheck, ComparisonProgress, ComparisonSummary, KeptComparison, Preset, Problem, Session } from "../../protocol.ts"; // prettier-ignore
import { save } from "../save.ts";
import type { Fault, Studio } from "../store.ts";
import { text } from "../strings.ts";

/** ms after the last edit until it is kept and checked. */
const settleAfter = 400;
const words = text.comparison;

export interface Compared {
  /** null: not known yet. */
  kept: readonly KeptComparison[] | null;
  fleeting: string | null;
  /** The one that is shown, as it is edited. */
  id: string | null;
  name: string;
  draft: Comparison | null;
  presets: readonly Preset[];
  check: ComparisonCheck | null;
  /** What runs are there, as of the draft that was kept last. */
  summary: ComparisonSummary | null;
  /** Of the queue under way. */
  progress: ComparisonProgress | null;
  running: boolean;
  creating: boolean;
  /** The last one that was deleted. */
  gone: { id: string; name: string } | null;
  /** What is worth knowing about the last edit. */
  said: readonly string[];
  /** The draft before edits that finished runs are no part of, and how many had finished. */
  before: { draft: Comparison; finished: number } | null;

  refresh(): Promise<void>;
  show(id: string): Promise<void>;
  /** A new one from the settings of the Train page. */
  create(): Promise<void>;
  open(file: File): Promise<void>;
  rename(name: string): void;
  edit(change: Partial<Comparison>): void;
  changeArm(at: number, change: Partial<Arm>): void;
  /** What the Train page shows now, as an arm's fields; null: as a new arm. */
  takeArm(at: number | null): Promise<void>;
  takeBase(): Promise<void>;
  /** Back to the draft that the finished runs are of. */
  undo(): void;
  /** Puts an arm's configuration into the Train page. */
  showArm(name: string): Promise<boolean>;
  run(): Promise<void>;
  remove(): Promise<void>;
  takeBack(): Promise<void>;
  /** only: one of its files. */
  export(only?: string): Promise<void>;
}

const empty = { id: null, name: "", draft: null, presets: [], check: null, summary: null, progress: null, said: [], before: null };

/** A comparison that is under way, here or in another tab, is not edited. */
export const fixed = ({ kept, id, running }: Compared): boolean =>
  running || (kept?.some(({ record, holder }) => record.id === id && holder === "elsewhere") ?? false);

/** An arm alone, to have the base's own configuration. */
const bare: Arm = { name: "base", config: {}, reference: false };

export function createCompared(client: Session, studio: StoreApi<Studio>): StoreApi<Compared> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The draft is not kept as it is now. */
  let edited = false;
  let turn = 0;
  return createStore<Compared>((set, get) => {
    const fail = (fault: Fault): void => studio.getState().fail(fault);
    /** null: it went wrong, and was told. */
    const ask = async <T extends object>(work: () => Promise<T | { problems: Problem[] }>): Promise<T | null> => {
      try {
        const answer = await work();
        if (!("problems" in answer)) return answer;
        for (const { what, where, hint } of answer.problems) fail({ what, where, hint });
      } catch (error) {
        fail({ what: error instanceof Error ? error.message : String(error), where: words.title });
      }
      return null;
    };

    const take = (taken: KeptComparison): void => {
      const { id, name, comparison } = taken.record;
      edited = false;
      // A new one is in the list at once: what is said of all of them takes a while.
      const listed = (all: Compared["kept"]) => (all?.some(({ record }) => record.id === id) ? all : [taken, ...(all ?? [])]);
      set(({ kept }) => ({ ...empty, id, name, draft: comparison, summary: taken.summary, kept: listed(kept) }));
      void check();
      void offer(comparison);
    };
    const check = async (): Promise<void> => {
      const asked = ++turn;
      const { draft, id } = get();
      if (!draft || !id) return;
      const answer = await client.checkComparison(draft, id).catch(() => null);
      if (answer && asked === turn) set({ check: answer });
    };
    const offer = async (draft: Comparison): Promise<void> => {
      const base = await client.configOfArm({ ...draft, arms: [bare] }, bare.name).catch(() => null);
      if (!base || !("config" in base)) return;
      const answer = await client.suggestComparison(base.config).catch(() => null);
      if (answer && "presets" in answer && get().draft?.base === draft.base) set({ presets: answer.presets });
    };
    /** Keeps the draft, and asks what is wrong with it. */
    const settle = async (): Promise<void> => {
      const { draft, name, id } = get();
      if (!edited || !draft || !id) return;
      const kept = await client
        .putComparison(draft, name, id)
        .catch((error: unknown) => ({ problems: [{ where: words.title, what: String(error), hint: "" }] }));
      if (get().id !== id) return;
      if ("record" in kept) {
        edited = get().draft !== draft || get().name !== name;
        const { summary, before, kept: all } = get();
        const last = before ?? { draft: all?.find(({ record }) => record.id === id)?.record.comparison ?? draft, finished: summary?.finished ?? 0 };
        set({
          summary: kept.summary,
          before: kept.summary.finished < last.finished ? last : null,
          kept: all && all.map((one) => (one.record.id === id ? kept : one)),
        });
      }
      await check();
      if (!("problems" in kept)) return;
      // What is wrong with the draft itself stands beside it.
      for (const { what, where, hint } of kept.problems) if (!get().check?.problems.some((problem) => problem.what === what)) fail({ what, where, hint });
      await get().refresh();
    };
    const later = (change: Partial<Compared>): void => {
      set(change);
      edited = true;
      clearTimeout(timer);
      timer = setTimeout(() => void settle(), settleAfter);
    };
    const settled = async (): Promise<void> => {
      clearTimeout(timer);
      await settle();
    };

    return {
      kept: null,
      fleeting: null,
      running: false,
      creating: false,
      gone: null,
      ...empty,

      async refresh() {
        const answer = await ask(() => client.comparisons());
        if (!answer) return;
        const { comparisons, fleeting } = answer;
        set({ kept: comparisons, fleeting });
        const { id, running } = get();
        if (running) return;
        const shown = comparisons.find((one) => one.record.id === id);
        // What another tab has under way is shown as it is there.
        if (shown?.holder === "elsewhere" && edited) return take(shown);
        if (shown) return set({ summary: shown.summary });
        if (comparisons.length) take(comparisons[0]);
        else set(empty);
      },
      async show(id) {
        await settled();
        const found = get().kept?.find((one) => one.record.id === id);
        if (found && !get().running) take(found);
      },
      async create() {
        await settled();
        set({ creating: true });
        const suggestion = await ask(() => client.suggestComparison(studio.getState().config));
        set({ creating: false });
        if (!suggestion) return;
        const name = words.nameOf(new Date().toISOString().slice(0, 10));
        const kept = await ask(() => client.putComparison(suggestion.comparison, name));
        if (!kept) return;
        take(kept);
        set({ said: suggestion.notes });
        await get().refresh();
      },
      async open(file) {
        await settled();
        const kept = await ask(() => client.importComparison(file, file.name));
        if (!kept) return;
        take(kept);
        await get().refresh();
      },
      rename: (name) => later({ name }),
      edit(change) {
        const { draft } = get();
        if (draft) later({ draft: { ...draft, ...change }, said: [] });
        if (draft && change.base) void offer(get().draft!);
      },
      changeArm(at, change) {
        const { draft, edit } = get();
        if (draft) edit({ arms: draft.arms.map((arm, i) => (i === at ? { ...arm, ...change } : arm)) });
      },
      async takeArm(at) {
        const { draft } = get();
        const answer = draft && (await ask(() => client.armOf(studio.getState().config, draft.base)));
        if (!answer || !draft) return;
        const { config, left } = answer;
        if (at === null) {
          let n = 1;
          while (draft.arms.some((arm) => arm.name === words.ownName(n))) n++;
          get().edit({ arms: [...draft.arms, { name: words.ownName(n), config, reference: false }] });
        } else get().changeArm(at, { config });
        set({ said: left.length ? [words.left(left.join(", "))] : [] });
      },
      async takeBase() {
        const answer = await ask(() => client.armOf(studio.getState().config, null));
        if (answer) get().edit({ base: answer.config });
      },
      undo() {
        const { before, edit } = get();
        if (before) edit(before.draft);
      },
      async showArm(name) {
        const { draft } = get();
        const answer = draft && (await ask(() => client.configOfArm(draft, name)));
        if (answer) studio.getState().replaceConfig(answer.config, text.undo.file(name));
        return answer !== null;
      },
      async run() {
        await settled();
        const { id, running } = get();
        if (!id || running || edited) return;
        set({ running: true, progress: null, said: [], before: null });
        studio.setState({ comparing: true });
        try {
          const answer = await client.runComparison(id, (progress) => {
            if ("problem" in progress) fail(progress.problem);
            else set(progress.summary ? { progress, summary: progress.summary } : { progress });
          });
          for (const { what, where, hint } of answer?.problems ?? []) fail({ what, where, hint });
        } catch (error) {
          fail({ what: error instanceof Error ? error.message : String(error), where: words.title });
        }
        studio.setState({ comparing: false });
        set({ running: false, progress: null });
        await get().refresh();
        await check();
      },
      async remove() {
        await settled();
        const { id, name } = get();
        const problems = id && (await client.deleteComparison(id));
        if (problems) return void (await ask(async () => problems));
        set({ ...empty, gone: id ? { id, name } : null });
        await get().refresh();
      },
      async takeBack() {
        const { gone } = get();
        if (!gone) return;
        await client.undeleteComparison(gone.id);
        set({ gone: null, id: null });
        await get().refresh();
        await get().show(gone.id);
      },
      async export(only) {
        await settled();
        const { id } = get();
        const file = id && (await ask(() => client.exportComparison(id, only)));
        if (file) save(file.name, file.bytes as BlobPart, only ? "text/plain" : "application/zip");
      },
    };
  });
}
