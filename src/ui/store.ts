// store.ts — the state of the page: the form (a RunConfig), what the session says about it, and the run as a fold over
// its events. Actions call the session; nothing here touches a GPU, a worker or the DOM.
import { createStore, type StoreApi } from "zustand/vanilla";
import type {
  Allocated,
  BenchmarkRow,
  Catalogue,
  DataPreview,
  DeviceInfo,
  GivenFile,
  NoPreview,
  KeptRun,
  Phase,
  Preflight,
  Problem,
  RunConfig,
  Session,
  SiteInfo,
} from "../protocol.ts";
import { changing, type Changing } from "./change.ts";
import { withField, withRanks, withRanksOf } from "./edits.ts";
import { getField, sameField, usualField, type FieldPath, type FieldValue } from "./fields.ts";
import { active, emptyRun, type RunView } from "./fold.ts";
import { following, type Following } from "./follow.ts";
import { withRun, type PastRun } from "./runs.ts";
import { decidedBy, noScoring, scoresOf, withScores, type Scoring } from "./scoring.ts";
import { text } from "./strings.ts";

/** Something went wrong that the visitor must know: what, where, what to do. */
export interface Fault {
  what: string;
  where?: string;
  hint?: string;
}

/** The last benchmark, of this device. */
export interface Benchmark {
  state: "none" | "running" | "done";
  rows: readonly BenchmarkRow[];
  done: number;
  total: number;
  problems: readonly Problem[];
}

export interface Studio extends Following, Changing {
  catalogue: Catalogue;
  device: DeviceInfo | null;
  config: RunConfig;
  /** What the session says about `config`; the last answer stays while the next one is on its way. null: there was none. */
  preflight: Preflight | null;
  checking: boolean;
  /** How far the rows of `config` are read; null: they are there, or it takes no time worth telling. */
  reading: Phase | null;
  preview: DataPreview | NoPreview | null;
  /** Fields whose text is not a value yet, with the reason. */
  invalid: Readonly<Partial<Record<FieldPath, string>>>;
  /** Sites of the configuration with the ranks set by hand, ahead of the next preflight. */
  sites: readonly SiteInfo[];
  run: RunView;
  /** The configuration the run was started with. */
  runConfig: RunConfig | null;
  /** The kept run that is shown as it was, where the device does not hold it; null: it does. */
  lookedAt: KeptRun | null;
  /** Earlier runs, the newest last. */
  runs: readonly PastRun[];
  benchmark: Benchmark;
  /** A comparison is under way. */
  comparing: boolean;
  scoring: Scoring;
  /** What the configuration's allocation makes of its scores; null without scores, or where they cannot be allocated. */
  allocated: Allocated | null;
  given: { models: readonly string[]; data: readonly string[] };
  faults: readonly Fault[];

  /** what: in words, where it is more than that the field changed. */
  edit(path: FieldPath, value: FieldValue, what?: string): void;
  markInvalid(path: FieldPath, reason: string | null): void;
  reset(path: FieldPath): void;
  /** Of the next run: a rank of the allocation where that is one by hand, else of the adapter. */
  setRank(names: readonly string[], r: number): void;
  /** These ranks, fixed: a configuration without an allocation, or one by hand where there are shortcuts. */
  useRanks(sites: readonly SiteInfo[]): void;
  /** An earlier run to look back at. */
  keepRun(run: PastRun): void;
  give(kind: "models" | "data" | "evaluation", name: string, files: GivenFile[]): Promise<void>;
  pause(): Promise<void>;
  step(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  setLearningRate(learningRate: number): Promise<void>;
  /** `stop` ends it early. */
  runBenchmark(): Promise<void>;
  /** Scores the modules, by the configuration's proxy unless others are named; `stop` ends it with the scores that are complete. */
  score(proxies?: readonly string[]): Promise<void>;
  /** Asks the session what the allocation makes of the scores that are there. */
  allocate(): Promise<void>;
  fail(fault: Fault): void;
  dismiss(fault: Fault): void;
  /** Shows training rows from this number (0) on. */
  turnTo(first: number): Promise<void>;
  /** Asks the session about the configuration as it is now. */
  refresh(): Promise<void>;
}

/** Rows of the data shown in the preview. */
export const previewRows = 8;

/** The session has its hands full: it trains, scores, measures or compares, one of them at a time. */
export const working = ({ run, benchmark, scoring, comparing }: Pick<Studio, "run" | "benchmark" | "scoring" | "comparing">): boolean =>
  active(run) || benchmark.state === "running" || scoring.state === "running" || comparing;

/** The session's first word on a configuration is still to come. */
export const unchecked = ({ preflight, checking }: Pick<Studio, "preflight" | "checking">): boolean => preflight === null && checking;

/** Why Train cannot be pressed; empty when it can. */
export function blockers(state: Pick<Studio, "preflight" | "invalid">): Problem[] {
  const invalid = Object.entries(state.invalid).map(([where, what]): Problem => ({ where, what, hint: "", level: "error" }));
  return [...invalid, ...(state.preflight?.problems.filter((problem) => problem.level === "error") ?? [])];
}

export function createStudio(client: Session, catalogue: Catalogue, config: RunConfig, notes: readonly string[] = []): StoreApi<Studio> {
  let asked = 0;
  let allocating = 0;
  let previewed = "";
  return createStore<Studio>((set, get) => {
    /** Runs a call of the session; a rejection is a fault of the page or the worker, and is shown, unless the question was given up for a newer one. */
    const call = async <T>(where: string, work: () => Promise<T>): Promise<T | undefined> => {
      try {
        return await work();
      } catch (error) {
        if ((error as Error)?.name !== "AbortError") get().fail({ what: error instanceof Error ? error.message : String(error), where });
        return undefined;
      }
    };

    const scoreless = (config: RunConfig): boolean => ["hand", "nothing"].includes(decidedBy(catalogue, config)!);

    const { change, ...settings } = changing(client, { getState: get, setState: set }, call);

    const follow = following(client, { getState: get, setState: set }, call, () => !working(get()));

    /** Another file has other columns. They tell whether a model is to write what is in it or to label it; where they do not, that stays. */
    const takeData = async (name: string): Promise<void> => {
      const { config: now, edit } = get();
      const data = { ...now.data, source: `file:${name}`, format: "auto" as const, columns: null };
      const readAs = async (task: RunConfig["model"]["task"]) =>
        (await call("columns", () => client.dataColumns({ ...now, model: { ...now.model, task }, data })))?.columns;
      const columns = await readAs("causal-lm");
      const table = /\.[ct]sv(\.gz)?$/i.test(name);
      const labelled = columns ? columns.format === "classification" || (columns.format === null && (await readAs("classification"))?.format) : true;
      edit("data.source", data.source);
      edit("data.format", "auto");
      edit("data.columns", null);
      if (table && labelled) edit("model.task", "classification");
      else if (columns?.format && columns.format !== "classification") edit("model.task", "causal-lm");
    };

    return {
      catalogue,
      device: null,
      config,
      preflight: null,
      reading: null,
      checking: true, // the first answer is on its way as soon as there is a page
      preview: null,
      invalid: {},
      sites: [],
      run: emptyRun(),
      runConfig: null,
      lookedAt: null,
      runs: [],
      ...settings,
      comparing: false,
      benchmark: { state: "none", rows: [], done: 0, total: 0, problems: [] },
      scoring: noScoring,
      allocated: null,
      given: { models: [], data: [] },
      faults: notes.map((what) => ({ what })),

      edit(path, value, what) {
        const { config: before, allocated, sites } = get();
        change(what ?? { field: path }, { config: withField(catalogue, get(), allocated, path, value), sites });
        // The way back leads to modules that another model does not have.
        if (path.startsWith("model.") && !sameField(getField(before, path), value)) set({ past: [], future: [] });
        get().markInvalid(path, null);
      },
      markInvalid(path, reason) {
        const { [path]: known, ...invalid } = get().invalid;
        if ((known ?? null) !== reason) set({ invalid: reason === null ? invalid : { ...invalid, [path]: reason } });
      },
      reset(path) {
        get().edit(path, usualField(catalogue, path));
      },
      setRank(names, r) {
        change(text.undo.rank(r, names.length), withRanks(catalogue, get(), names, r));
      },
      useRanks(ranks) {
        change(text.undo.ranks, withRanksOf(catalogue, get(), ranks));
      },
      keepRun: (run) => set(({ runs }) => ({ runs: withRun(runs, run) })),
      async give(kind, name, files) {
        const done = await call(name, () => client.give(name, files).then(() => true));
        if (!done) return;
        previewed = ""; // a file of the same name may hold something else
        const given = get().given;
        const list = kind === "models" ? "models" : "data";
        set({ given: { ...given, [list]: [...new Set([...given[list], name])] } });
        if (kind === "models") get().edit("model.source", `file:${name}`);
        else if (kind === "evaluation") get().edit("data.eval_source", `file:${name}`);
        else await takeData(name);
        await get().refresh();
      },
      async train() {
        const state = get();
        if (working(state) || unchecked(state) || blockers(state).length > 0) return;
        await follow.train();
      },
      adapter: follow.adapter,
      offerAdapter: follow.offerAdapter,
      takeAdapter: follow.takeAdapter,
      continueRun: follow.continueRun,
      openRun: follow.openRun,
      lookAt: follow.lookAt,
      pause: async () => void (await call("pause", () => client.pause())),
      step: async () => void (await call("step", () => client.step())),
      resume: async () => void (await call("resume", () => client.resume())),
      stop: async () => void (await call("stop", () => client.stop())),
      setLearningRate: async (learningRate) => void (await call("learning rate", () => client.setLearningRate(learningRate))),
      async runBenchmark() {
        if (working(get())) return;
        set({ benchmark: { state: "running", rows: [], done: 0, total: 0, problems: [] } });
        const answer = await call("benchmark", () =>
          client.benchmark((rows, done, total) => set(({ benchmark }) => ({ benchmark: { ...benchmark, rows, done, total } }))),
        );
        const told = Array.isArray(answer) ? { rows: answer } : { problems: answer?.problems ?? [] };
        set(({ benchmark }) => ({ benchmark: { ...benchmark, ...told, state: "done" } }));
      },
      async score(proxies) {
        const { config: now } = get();
        if (working(get()) || unchecked(get()) || !now.allocation) return;
        const asked = [...(proxies ?? [now.allocation.proxy])];
        set(({ scoring }) => ({ scoring: { ...scoring, state: "running", asked, proxy: asked[0], done: 0, total: 0 } }));
        const answer = await call("scores", () =>
          client.score(now, asked, (proxy, done, total) =>
            set(({ scoring }) => ({ scoring: scoring.state === "running" ? { ...scoring, proxy, done, total } : scoring })),
          ),
        );
        set(({ scoring }) => ({ scoring: { ...scoring, state: Object.keys(scoring.scores).length > 0 ? "done" : "none" } }));
        if (answer && "scores" in answer) set(({ scoring }) => ({ scoring: { ...withScores(scoring, now, answer), state: "done" } }));
        if (answer && "problems" in answer) for (const { what, where, hint } of answer.problems) get().fail({ what, where, hint });
        await get().allocate();
      },
      async allocate() {
        const turn = ++allocating;
        const { scoring, config: now, sites } = get();
        // An allocator that does not look at scores needs none.
        const scores = scoreless(now) ? sites.map(() => 0) : scoresOf(scoring, now);
        const answer = scores && (await call("allocation", () => client.allocate(now, [...scores])));
        // What is wrong with an allocation, the preflight says too.
        if (turn === allocating) set({ allocated: answer && "ranks" in answer ? answer : null });
      },
      fail: (fault) => set((state) => ({ faults: [...state.faults.filter((f) => f.what !== fault.what), fault] })),
      dismiss: (fault) => set((state) => ({ faults: state.faults.filter((f) => f !== fault) })),

      async turnTo(first) {
        const turn = asked;
        const preview = await call("preview", () => client.preview(get().config, previewRows, first));
        if (preview && turn === asked) set({ preview });
      },
      async refresh() {
        const turn = ++asked;
        const { config: now } = get();
        set({ checking: true });
        const preflight = await call("preflight", () => client.preflight(now, (reading) => turn === asked && set({ reading })));
        if (turn !== asked) return;
        set({ checking: false, reading: null });
        if (preflight) set({ preflight, device: preflight.device, sites: preflight.sites.length > 0 ? preflight.sites : get().sites });
        if (scoreless(now)) void get().allocate();
        const rowsOf = JSON.stringify([now.model, now.data, get().given]);
        if (rowsOf === previewed) return;
        const preview = await call("preview", () => client.preview(now, previewRows));
        if (turn !== asked || !preview) return;
        previewed = rowsOf;
        set({ preview });
      },
    };
  });
}

/** The session broke down; shown with what to do. */
export const workerLost = (what: string): Fault => ({ what: `${text.fault.worker}: ${what}`, hint: text.fault.workerHint });
