// protocol.ts — what the page, the worker and the command line say to each other. Types only, all plain JSON
// (structured-cloneable). The event log *is* the run: replaying it into the page's store shows the run again.

import type { AllocationConfig, AllocationEvent, Allocated, Scores, ScoringCost } from "./protocol/allocation.ts";
import type { ComparisonsSession } from "./protocol/comparison.ts";
import type { DataColumns, DataConfig, DataPreview, FormatEntry, NoPreview } from "./protocol/data.ts";
import type { Onward, RunsSession } from "./protocol/runs.ts";

export type * from "./protocol/allocation.ts";
export type * from "./protocol/comparison.ts";
export type * from "./protocol/data.ts";
export type * from "./protocol/runs.ts";

// ---------------------------------------------------------------------------------------------- configuration

/** One JSON object: the form, the URL, `examples/*.json`, the command line's input. Names are PEFT's where PEFT has one. */
export interface RunConfig {
  model: {
    /** `bundled:tales-3m`, `hub:org/name@revision` or `file:path` (in the page: files the visitor dropped). */
    source: string;
    task: "causal-lm" | "classification";
    dtype: "f32";
  };
  data: DataConfig;
  method: string;
  r: number;
  lora_alpha: number;
  lora_dropout: number;
  /** Names or paths of modules as PEFT matches them; for `method: "full"` names of weights to train. */
  target_modules: string[];
  rank_pattern: Record<string, number>;
  alpha_pattern: Record<string, number>;
  /** Where the rank goes, decided from scores (HeteroLoRA, arXiv 2406.14956); null: everywhere, as r says. */
  allocation: AllocationConfig | null;
  train: {
    steps: number;
    batch_size: number;
    gradient_accumulation_steps: number;
    /** Compute layers again in backward instead of keeping their values: less memory, about a third more time. */
    gradient_checkpointing: boolean;
    learning_rate: number;
    lr_scheduler_type: "constant" | "linear" | "cosine";
    warmup_steps: number;
    optimizer: string;
    weight_decay: number;
    /** Clip the global gradient norm to this; 0: no clipping. */
    max_grad_norm: number;
    seed: number;
    /** Evaluate every so many steps; 0: only at the start and the end. */
    eval_every: number;
    /** Rows of the held-out part used in each evaluation. */
    eval_rows: number;
    samples_every: number;
    checkpoint_seconds: number;
    /** Rows of like length in one batch: less padding, the same rows in an epoch. */
    group_by_length: boolean;
  };
  backend: "auto" | "webgpu" | "wasm" | "reference";
}

// ---------------------------------------------------------------------------------------------------- events

export type RunState = "loading" | "running" | "paused" | "stopped" | "finished" | "failed";

/** A place that may be adapted. The heatmap's cell (layer, module). */
export interface SiteInfo {
  /** Path inside the base model: `model.layers.0.self_attn.q_proj`. */
  name: string;
  layer: number;
  /** Short module name, the heatmap's column: `q_proj`. */
  module: string;
  in: number;
  out: number;
  /** 0: not adapted. */
  r: number;
  alpha: number;
  /** Trainable numbers at this site. */
  parameters: number;
  /** Absent: a linear layer, which target_modules may name. */
  kind?: "residual" | "shortcut";
}

/** Bytes on the device, known from the plans before anything is allocated. */
export interface MemoryEstimate {
  weights: number;
  trainables: number;
  gradients: number;
  moments: number;
  activations: number;
  staging: number;
  total: number;
}

/** Work that takes a while, with numbers. unit: bytes, rows, pipelines, prompts … */
export interface Phase {
  phase: string;
  done: number;
  total: number;
  unit: string;
}

export type TrainEvent =
  /** Under which name the run is kept; no part of the log. What was told before it is void: the log so far follows, if there is one. */
  | { type: "run"; id: string; name: string }
  /** offer: what a run that failed could go on with. */
  | { type: "state"; state: RunState; step: number; detail?: string; hint?: string; offer?: Onward }
  /** Work before or between steps. */
  | ({ type: "progress" } & Phase)
  | {
      type: "plan";
      backend: string;
      adapterName: string;
      dispatches: number;
      pipelines: number;
      trainable: number;
      total: number;
      memory: MemoryEstimate;
      sites: SiteInfo[];
    }
  /** loss: mean over counted tokens, nats. gradNorm: before clipping. ms: wall time of the step. time: ms since the run began, pauses not counted. */
  | { type: "step"; step: number; loss: number; learningRate: number; gradNorm: number; tokens: number; ms: number; time: number }
  /** Per site, in the order of plan.sites: root mean square over the window of ‖∇‖_F, and ‖ΔW‖_F at its end. */
  | { type: "sites"; step: number; gradNorm: number[]; deltaNorm: number[] }
  /**
   * metric: share of held-out rows whose every answer token is the arg max (exact match of greedy decoding), 0..1; of a classifier the first of
   * `metrics`, which are by name: accuracy, f1, matthews, pearson.
   */
  | { type: "evaluation"; step: number; loss: number; metric: number; metrics?: Record<string, number>; rows: number }
  | { type: "sample"; step: number; prompt: string; which: "base" | "tuned"; text: string; expected?: string }
  | { type: "ranks"; step: number; sites: SiteInfo[] }
  | AllocationEvent
  | { type: "note"; step: number; text: string };

// --------------------------------------------------------------------------------------------------- answers

export interface CatalogueEntry {
  name: string;
  title: string;
  /** One line of help. */
  help: string;
  /** arXiv id, where there is a paper. */
  paper?: string;
  /** Of a data set: what it is for. */
  task?: RunConfig["model"]["task"];
  /** Of an allocator: what decides, where scores do not. */
  by?: "hand" | "nothing";
}

/** Everything a drop-down shows, from the registries: there is no second list. */
export interface Catalogue {
  models: CatalogueEntry[];
  data: CatalogueEntry[];
  /** How the rows of a file may be read, in the order in which columns are looked at. */
  formats: FormatEntry[];
  templates: CatalogueEntry[];
  methods: CatalogueEntry[];
  optimizers: CatalogueEntry[];
  schedulers: CatalogueEntry[];
  /** Scores that rank modules; figures are one number for a whole network. */
  proxies: CatalogueEntry[];
  figures: CatalogueEntry[];
  allocators: CatalogueEntry[];
  /** When an allocation is decided. */
  schedules: CatalogueEntry[];
  /** An allocation as it begins: what RunConfig.allocation is where its fields are left out. */
  allocation: AllocationConfig;
  /** One line of help (and a paper) per RunConfig field, by path: "train.learning_rate". */
  fields: Record<
    string,
    { title: string; help: string; paper?: string; unit?: string; min?: number; max?: number; step?: number; integer?: boolean; choices?: readonly string[] }
  >;
  /** What the page's first run does: the usual value of every field. */
  first: RunConfig;
  /** Forms to begin with. */
  presets: (CatalogueEntry & { config: RunConfig })[];
}

export interface DeviceInfo {
  webgpu: boolean;
  /** Vendor, architecture, description as the browser gives them. */
  adapter: string;
  /** A software rasteriser: slow, but the same results. */
  software: boolean;
  limits: Record<string, number>;
  features: string[];
  /** Bytes a run may take, where the browser tells how much memory there is. */
  room?: number;
  /** When there is no WebGPU: which browser this seems to be and the exact fix. */
  hint?: string;
}

/** Before the start: what the run would be, and whether it can be. */
export interface Preflight {
  device: DeviceInfo;
  /** Where it will compute (`webgpu`, `wasm`, `reference`), and why there, in words: "Apple M2". */
  backend: { name: string; why: string };
  /** Null where the configuration cannot be planned (see problems). */
  memory: MemoryEstimate | null;
  fits: boolean;
  trainable: number;
  total: number;
  sites: SiteInfo[];
  /** Floating-point operations of one optimizer step. */
  flopsPerStep: number;
  /** Estimated seconds of the whole run; null before anything was measured on this device. */
  seconds: number | null;
  problems: Problem[];
  /** What one scoring of the configured allocation costs; absent without an allocation. */
  scoring?: ScoringCost;
  /** Where it does not fit: the nearest configuration that does. */
  suggestion?: Suggestion;
}

export interface Suggestion {
  config: RunConfig;
  changes: { field: string; to: string }[];
}

export interface Problem {
  /** RunConfig field ("data.max_length"), file or tensor the problem is about. */
  where: string;
  what: string;
  /** What to do. */
  hint: string;
  /** error: training cannot start. warning: it can. */
  level: "error" | "warning";
}

export interface AskOptions {
  prompt: string;
  maxNewTokens: number;
  /** 0: greedy. */
  temperature: number;
  topP: number;
  seed: number;
  /** Of what was trained: 0 (the base) to 1.5; 1 or absent: as trained. */
  strength?: number;
}

export interface Answer {
  base: string;
  tuned: string;
}

/** A file the visitor gave: kept in the worker, addressed as `file:<name>` in a RunConfig. */
export interface GivenFile {
  name: string;
  bytes: Blob;
}

export interface ExportedFile {
  name: string;
  bytes: Uint8Array;
}

/** One measured figure. */
export interface BenchmarkRow {
  /** What it belongs to: a backend and a workload. Rows of one group follow each other. */
  group: string;
  name: string;
  value: number;
  /** ms, GFLOP/s, GB/s, tokens/s, dispatches. */
  unit: string;
  detail: string;
}

/** The class behind the worker. Expected outcomes are values or events, not rejections. */
export interface Session extends RunsSession, ComparisonsSession {
  catalogue(): Promise<Catalogue>;
  /** A file of settings: a configuration's JSON, or the zip of a run. null: it holds something else, rows perhaps. */
  readSettings(file: Blob, name: string): Promise<{ config: RunConfig } | { problems: Problem[] } | null>;
  device(): Promise<DeviceInfo>;
  /** Files that `file:` sources name: a model folder (config.json, *.safetensors, tokenizer.json …) or a data file. */
  give(folder: string, files: GivenFile[]): Promise<void>;
  /** onProgress: while rows are read and encoded. Rejects with an AbortError: given up, other rows were asked for meanwhile. */
  preflight(config: RunConfig, onProgress?: (phase: Phase) => void): Promise<Preflight>;
  /** The columns of the file that is the data, and what they are taken for; nothing where it is none or has none. Reads its beginning alone. */
  dataColumns(config: RunConfig): Promise<{ columns?: DataColumns }>;
  /** Some training rows from number `first` (0) on, and what is to be known of all. Given up as preflight is. */
  preview(config: RunConfig, rows: number, first?: number): Promise<DataPreview | NoPreview>;
  /** Resolves when the run ends (finished, stopped or failed); events arrive in batches, at most ten a second. */
  train(config: RunConfig, onEvents: (events: TrainEvent[]) => void): Promise<void>;
  /**
   * An adapter of the configuration's model: the files of a PEFT folder, with the shortcuts of its run where it has some, or a zip with them in it. "try"
   * brings it onto the device, to be asked; "train" is a run that begins as it. Its modules, ranks and alphas take the place of the configuration's. Resolves
   * and reports as `train` does.
   */
  takeAdapter(config: RunConfig, files: GivenFile[], what: "try" | "train", onEvents: (events: TrainEvent[]) => void): Promise<void>;
  pause(): Promise<void>;
  /** One optimizer step while paused. */
  step(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
  setLearningRate(learningRate: number): Promise<void>;
  /** Base and tuned model on the visitor's own prompt; works during and after a run. */
  ask(options: AskOptions): Promise<Answer | { problems: Problem[] }>;
  /** Kernels and steps on this device, each backend that is there; rows arrive as they are measured, `stop` ends it early. Refused while a run trains. */
  benchmark(onProgress: (rows: BenchmarkRow[], done: number, total: number) => void): Promise<BenchmarkRow[] | { problems: Problem[] }>;
  /** What scoring by each of some proxies and figures costs, by name. */
  scoringCost(config: RunConfig, proxies: string[]): Promise<{ costs: Record<string, ScoringCost> } | { problems: Problem[] }>;
  /**
   * Scores the modules of a configuration as they are before training. `stop` ends it, with what is complete (null: nothing is); refused while a run
   * trains. Of several proxies one may fail without the others.
   */
  score(
    config: RunConfig,
    proxies: string[],
    onProgress: (proxy: string, done: number, total: number) => void,
  ): Promise<Scores | { problems: Problem[] } | null>;
  /** What config.allocation makes of scores (in the order of Scores.sites), without computing anything on a device. */
  allocate(config: RunConfig, scores: number[]): Promise<Allocated | { problems: Problem[] }>;
  /**
   * A zip: adapter/ (PEFT), shortcuts.* with their loader where there are some, config.json, events.jsonl, metrics.csv, ranks.csv, allocation.csv where
   * there is one, README.md. "peft": the adapter's own two files; shortcuts are left out.
   */
  export(only?: "peft"): Promise<ExportedFile | { problems: Problem[] }>;
  /**
   * A zip of the whole model with the adapter in its weights, a folder that from_pretrained opens. Progress in bytes; null after `cancelMerged`. What trains
   * waits until it is made.
   */
  exportMerged(onProgress: (done: number, total: number) => void): Promise<ExportedFile | { problems: Problem[] } | null>;
  cancelMerged(): Promise<void>;
}
