// comparison.ts — the part of the protocol that is about comparing ways to spend the same number of parameters over several seeds. Types only.

import type { ExportedFile, Problem, RunConfig } from "../protocol.ts";

/** Fields of a RunConfig that are set, nested as there; the others are as in `base`, there as in the first run. */
export type Overrides = { readonly [field: string]: unknown };

/** One way to train. */
export interface Arm {
  name: string;
  config: Overrides;
  /** Outside the comparison, as a line to look at: full fine-tuning has many more parameters. */
  reference: boolean;
}

/** The file that `compare` reads. The first arm that is no reference is the one the others are measured against. */
export interface Comparison {
  base: Overrides;
  arms: Arm[];
  seeds: number[];
  /** Rows that are looked at once, at the end of each run: `file:path` or `bundled:name`; null: the held-out rows are what is compared on. */
  test: string | null;
}

/** What a run's rows came to. accuracy, matthews: classes by index; pearson: values; exact match: 1 where the answer is exact, of 1. */
export interface Outcomes {
  loss: number;
  metrics: Record<string, number>;
  predicted: number[];
  truth: number[];
}

/** One run of a comparison: an arm with a seed. */
export interface ArmRun {
  arm: string;
  seed: number;
  /** All of it, so that a result is known to belong to what is asked for now. */
  config: RunConfig;
  test: string | null;
  /** u32 of the rows it was trained and measured on, and when it ended (ms since 1970). Absent in files of an older version. */
  rows?: number;
  ended?: number;
  /** Where it failed: what happened. Everything below is then missing. */
  failed?: Problem;
  result?: ArmResult;
}

export interface ArmResult {
  /** What is compared: exact match, accuracy, matthews, pearson. */
  measure: string;
  /** Of the held-out rows before training, at the best evaluation while training, and at the end. */
  base: number | null;
  best: { step: number; metric: number } | null;
  validation: Outcomes;
  test?: Outcomes;
  steps: number;
  /** Trained numbers that are on at the end, heads not counted. */
  trainable: number;
  /** Wall time of training, with its evaluations and scorings. */
  seconds: number;
  /** On the device while training. */
  bytes: number;
  backend: string;
  adapterName: string;
}

/** Trained numbers of an arm before any run, heads not counted: one number where modules are of one size, else what may be on. */
export interface ArmSize {
  least: number;
  most: number;
}

export interface Difference {
  /** In the measure's unit, over the seeds both arms have. */
  mean: number;
  /** 95 %; null below five seeds. */
  interval: [low: number, high: number] | null;
  seeds: number;
  /** Seeds in which the arm was better. */
  better: number;
}

export interface ArmSummary {
  name: string;
  reference: boolean;
  /** The others are measured against this one. */
  baseline: boolean;
  size: ArmSize | null;
  points: { seed: number; value: number }[];
  mean: number | null;
  /** 95 %; null below five seeds. */
  interval: [low: number, high: number] | null;
  /** To the baseline; null for itself, for references and where no seed is shared. */
  difference: Difference | null;
  /** Means over seeds. validation: of the held-out rows at the end; best: over all evaluations, as the authors report it. */
  validation: number | null;
  best: number | null;
  /** Of the rows that are compared on: every metric there is, by name. */
  metrics: Record<string, number>;
  trainable: number | null;
  seconds: number | null;
  bytes: number | null;
  failed: { seed: number; what: string }[];
  /** In words; empty for the baseline, for references and before there is anything. */
  verdict: string;
}

export interface ComparisonSummary {
  measure: string;
  /** What the figures are of. */
  rows: number;
  on: "test" | "validation";
  arms: ArmSummary[];
  /** Runs that are wanted, and that are there. */
  wanted: number;
  finished: number;
  /** What is worth knowing: other numbers of parameters, other backends, too few seeds. */
  notes: string[];
}

/** A comparison as it is kept. */
export interface ComparisonRecord {
  version: 1;
  id: string;
  name: string;
  /** Milliseconds since 1970. */
  created: number;
  comparison: Comparison;
  /** When it was deleted: until it is swept away, it can be taken back. */
  deleted?: number;
}

export interface KeptComparison {
  record: ComparisonRecord;
  summary: ComparisonSummary;
  /** Who has it under way: this page, another tab, or nobody. */
  holder: "here" | "elsewhere" | null;
}

/** What an arm can be taken from: fields beside a base, and what it is for. */
export interface Preset extends Arm {
  help: string;
}

export interface ComparisonCheck {
  /** By arm's name, as far as they are known. */
  sizes: Record<string, ArmSize>;
  problems: Problem[];
  /** Runs that are there, of other rows than the data holds now: they are run anew. */
  moved: number;
}

/** How the queue is getting on. */
export interface ComparisonProgress {
  /** The run under way, or what is made ready for it. */
  now: { arm: string; seed: number; step: number; steps: number; phase: string } | null;
  /** Runs still to come, this one among them, and about how long they take; null: nobody knows yet. */
  left: number;
  seconds: number | null;
  /** When a run has ended: what all of them say now. */
  summary?: ComparisonSummary;
}

type Problems = { problems: Problem[] };

/** The part of the session that is about comparisons. One run at a time, like any other training; `stop` ends the queue, and what has finished stays. */
export interface ComparisonsSession {
  /** The newest first. fleeting: why they are gone with the page. */
  comparisons(): Promise<{ comparisons: KeptComparison[]; fleeting: string | null }>;
  /** Arms at an equal number of parameters made from a configuration, with the presets that may join them, and what was changed for it. */
  suggestComparison(config: RunConfig): Promise<{ comparison: Comparison; presets: Preset[]; notes: string[] } | Problems>;
  /**
   * What a configuration differs in from a comparison's base: an arm's fields; fields that all arms share are left out and named. null: from the first
   * run, which makes it a base.
   */
  armOf(config: RunConfig, base: Overrides | null): Promise<{ config: Overrides; left: string[] } | Problems>;
  /** All of an arm's configuration. */
  configOfArm(comparison: Comparison, arm: string): Promise<{ config: RunConfig } | Problems>;
  /** Reads it as strictly as a run would, and sizes its arms. Runs nothing. id: it is kept under that. Rejects with an AbortError: given up, another was asked about meanwhile. */
  checkComparison(comparison: unknown, id?: string): Promise<ComparisonCheck>;
  /** New without an id. Runs that belong to it as it was stay where they still belong to it. */
  putComparison(comparison: unknown, name: string, id?: string): Promise<KeptComparison | Problems>;
  deleteComparison(id: string): Promise<Problems | null>;
  undeleteComparison(id: string): Promise<Problems | null>;
  /** Runs what is not there yet. Resolves when the queue is empty or stopped; what failed is in the summary. problem: told while it goes on. */
  runComparison(id: string, onProgress: (progress: ComparisonProgress | { problem: Problem }) => void): Promise<Problems | null>;
  /** The folder that the command line writes, as a zip: results.json, tables, plot, a file per run and its events. only: one of its files. */
  exportComparison(id: string, only?: string): Promise<ExportedFile | Problems>;
  /** A comparison file, or the results.json of one that has run. */
  importComparison(file: Blob, name: string): Promise<KeptComparison | Problems>;
}
