// kept-comparisons.ts — the part of a Session that is about comparisons, in memory: for tests of the page alone. Its runs "train" in an instant, with
// outcomes by chance; files, sizes, means, intervals and verdicts are the real ones.
import { hash } from "../../src/engine/random.ts";
import type { ArmRun, Comparison, ComparisonCheck, ComparisonProgress, ComparisonRecord, ComparisonsSession, KeptComparison, Preset, Problem, RunConfig } from "../../src/protocol.ts"; // prettier-ignore
import { armOf, differences } from "../../src/train/compare-presets.ts";
import { summaryOf } from "../../src/train/compare-summary.ts";
import { configOf, isRunOf, parseComparison, queueOf } from "../../src/train/compare.ts";
import { firstRun } from "../../src/train/config.ts";

type Problems = { problems: Problem[] };
const ROWS = 200;

const preset = (name: string, config: Record<string, unknown>, reference = false): Preset => ({ name, help: `What ${name} is.`, config, reference });
export const presets: Preset[] = [
  preset("uniform r = 2", { r: 2, lora_alpha: 4 }),
  preset("random", { allocation: { proxy: "constant", budget: { modules: 3 } } }),
  preset("static grad-norm", { allocation: { budget: { modules: 3 } } }),
  preset("dynamic grad-norm", { allocation: { budget: { modules: 3 }, when: "dynamic" } }),
  preset("full fine-tuning", { method: "full", target_modules: ["all"] }, true),
];

/** How often an arm is right: the reference more often, the rest alike but for one. */
const chance = (arm: string): number => (arm.startsWith("full") ? 0.93 : arm.startsWith("dynamic") ? 0.86 : 0.8);

export function armRun(comparison: Comparison, name: string, seed: number): ArmRun {
  const arm = comparison.arms.find((a) => a.name === name)!;
  const key = [...name].reduce((h, c) => hash(h, c.charCodeAt(0)), seed);
  const luck = (hash(key) / 2 ** 32 - 0.5) * 0.06;
  const predicted = Array.from({ length: ROWS }, (_, i) => Number((hash(i) / 2 ** 32) * 0.3 + (hash(key, i) / 2 ** 32) * 0.7 < chance(name) + luck));
  const right = predicted.reduce((a, b) => a + b, 0) / ROWS;
  const validation = { loss: 0.4 + hash(key) / 2 ** 40, metrics: { "exact match": right }, predicted, truth: predicted.map(() => 1) };
  const trainable = arm.reference ? 3_148_224 : 9216;
  const result = { measure: "exact match", base: 0, best: { step: 20, metric: right + 0.01 }, validation, steps: 24, trainable, seconds: 12.3, bytes: 64e6, backend: "wasm", adapterName: "" }; // prettier-ignore
  return { arm: name, seed, config: configOf(comparison, arm, seed), test: null, result };
}

export class MemoryComparisons implements ComparisonsSession {
  readonly calls: string[] = [];
  records: ComparisonRecord[] = [];
  armRuns = new Map<string, ArmRun[]>();
  /** Runs of an arm of this name fail. */
  failing = "";
  /** ms that a run takes. */
  runMs = 0;
  /** Another tab has this comparison under way. */
  elsewhere = "";
  /** Storage takes nothing more. */
  full = false;
  /** Runs of rows that the data does not hold any more. */
  moved = 0;
  private halted = false;

  private keptOf = (record: ComparisonRecord): KeptComparison => ({ record, summary: this.summary(record), holder: record.id === this.elsewhere ? "elsewhere" : null }); // prettier-ignore
  private summary({ id, comparison }: ComparisonRecord): KeptComparison["summary"] {
    const runs = (this.armRuns.get(id) ?? []).filter((run) => isRunOf(comparison, run));
    return summaryOf(comparison, runs, new Map(Object.entries(this.sizes(comparison))));
  }
  private sizes = (comparison: Comparison): ComparisonCheck["sizes"] =>
    Object.fromEntries(comparison.arms.map((a) => [a.name, a.reference ? { least: 3_148_224, most: 3_148_224 } : { least: 9216, most: 9216 }]));

  comparisons = async () => ({ comparisons: this.records.filter((r) => !r.deleted).map(this.keptOf), fleeting: null }); // prettier-ignore
  suggestComparison = async (config: RunConfig) => ({
    comparison: {
      base: differences({ ...config, target_modules: ["q_proj", "o_proj"] }, firstRun),
      arms: [presets[0], presets[2], presets[3], presets[4]].map(({ name, config: more, reference }) => ({ name, config: more, reference })),
      seeds: [0, 1],
      test: null,
    },
    presets,
    notes: ["Only q_proj, o_proj are adapted: modules of one size, so that all arms can train exactly as many numbers."],
  });
  armOf = async (config: RunConfig, base: Record<string, unknown> | null) =>
    base === null ? { config: differences(config, firstRun), left: [] } : armOf(config, base);
  configOfArm = async (comparison: Comparison, arm: string) => ({
    config: configOf(
      comparison,
      comparison.arms.find((a) => a.name === arm)!,
      0,
    ),
  });
  async checkComparison(json: unknown): Promise<ComparisonCheck> {
    try {
      return { sizes: this.sizes(parseComparison(json)), problems: [], moved: this.moved };
    } catch (e) {
      const { where, message, hint } = e as { where: string; message: string; hint: string };
      return { sizes: {}, problems: [{ where, what: message, hint, level: "error" }], moved: 0 };
    }
  }
  async putComparison(json: unknown, name: string, id = `comparison ${this.records.length}`): Promise<KeptComparison | Problems> {
    const { problems } = await this.checkComparison(json);
    if (problems.length) return { problems };
    if (id === this.elsewhere) return { problems: [{ where: "comparison", what: "is under way", hint: "Stop it first.", level: "error" }] };
    if (this.full) return { problems: [{ where: "comparison", what: "there is no room", hint: "Delete runs.", level: "error" }] };
    const record: ComparisonRecord = { version: 1, id, name, created: 1.7e12 + this.records.length, comparison: parseComparison(json) };
    this.records = [record, ...this.records.filter((r) => r.id !== id)];
    return this.keptOf(record);
  }
  private mark(id: string, deleted: number | undefined): null {
    this.records = this.records.map((r) => (r.id === id ? { ...r, deleted } : r));
    return null;
  }
  deleteComparison = async (id: string) => this.mark(id, 1);
  undeleteComparison = async (id: string) => this.mark(id, undefined);
  async runComparison(id: string, onProgress: (progress: ComparisonProgress) => void): Promise<Problems | null> {
    const record = this.records.find((r) => r.id === id)!;
    this.calls.push(`compare ${id}`);
    this.halted = false;
    this.moved = 0;
    const own = this.armRuns.get(id) ?? [];
    const there = (arm: string, seed: number): boolean => own.some((r) => r.result && r.arm === arm && r.seed === seed && isRunOf(record.comparison, r));
    const queue = queueOf(record.comparison).filter(({ arm, seed }) => !there(arm.name, seed));
    for (const [i, { arm, seed }] of queue.entries()) {
      if (this.halted) return null;
      const left = queue.length - i;
      onProgress({ now: { arm: arm.name, seed, step: 12, steps: 24, phase: "" }, left, seconds: left * 12 });
      if (this.runMs) await new Promise((resolve) => setTimeout(resolve, this.runMs));
      if (this.halted) return null;
      const run = armRun(record.comparison, arm.name, seed);
      const failed = { where: "run", what: "At step 3 the loss is NaN", hint: "Lower the rate.", level: "error" as const };
      const ended: ArmRun = arm.name === this.failing ? { ...run, result: undefined, failed } : run;
      this.armRuns.set(id, [...(this.armRuns.get(id) ?? []).filter((r) => r.arm !== arm.name || r.seed !== seed), ended]);
      onProgress({ now: null, left: left - 1, seconds: (left - 1) * 12, summary: this.summary(record) });
    }
    return null;
  }
  /** Ends the queue. */
  protected halt(): void {
    this.halted = true;
  }
  exportComparison = async () => ({ name: "comparison.zip", bytes: new Uint8Array(8) });
  async importComparison(file: Blob, name: string): Promise<KeptComparison | Problems> {
    const check = await this.checkComparison(JSON.parse(await file.text()));
    return check.problems.length ? check : this.putComparison(JSON.parse(await file.text()), name);
  }
}
