// kept-runs.ts — the part of a Session that is about kept runs, in memory: for tests of the page alone.
import type { ExportedFile, KeptRun, KeptRuns, Onward, Problem, RunConfig, RunRecord, RunsSession, TrainEvent } from "../../src/protocol.ts";
import { MemoryComparisons } from "./kept-comparisons.ts";

type Problems = { problems: Problem[] };

export class MemoryRuns extends MemoryComparisons implements RunsSession {
  kept: { run: KeptRun; events: TrainEvent[] }[] = [];

  /** Puts a run there, as if it had been trained. */
  keep(id: string, name: string, config: RunConfig, events: TrainEvent[], more: Partial<KeptRun> = {}): void {
    const steps = events.filter((e) => e.type === "step");
    const step = steps.at(-1)?.step ?? 0;
    const evaluations = events.filter((e) => e.type === "evaluation");
    const state = events.findLast((e) => e.type === "state")?.state ?? "stopped";
    const run: KeptRun = {
      version: 1,
      id,
      name,
      notes: "",
      tags: [],
      created: 1.7e12 + this.kept.length,
      changed: 1.7e12,
      config,
      state,
      step,
      backend: "wasm",
      trainable: 162_816,
      last: { step, bytes: 2_000_000 },
      best: evaluations.length > 1 ? { step, bytes: 2_000_000, loss: 0.2, metric: 0.8 } : null,
      evaluated: evaluations.at(-1) ?? null,
      curve: steps.filter((e) => e.step % 4 === 0).map((e) => [e.step, e.loss]),
      holder: null,
      ...more,
    };
    this.kept = [...this.kept.filter((one) => one.run.id !== id), { run, events }];
  }

  private change(id: string, part: Partial<RunRecord>): null {
    for (const one of this.kept) if (one.run.id === id) one.run = { ...one.run, ...part };
    return null;
  }

  runs = async (): Promise<KeptRuns> => ({ runs: this.kept.map(({ run }) => run).reverse(), used: 5_000_000, quota: 2e9, fleeting: null });
  runEvents = async (id: string): Promise<TrainEvent[]> => this.kept.find(({ run }) => run.id === id)?.events ?? [];
  changeRun = async (id: string, change: Partial<Pick<RunRecord, "name" | "notes" | "tags">>): Promise<Problems | null> => {
    this.calls.push(`change ${id} ${JSON.stringify(change)}`);
    return this.change(id, change);
  };
  duplicateRun = async (id: string): Promise<{ id: string } | Problems> => {
    this.calls.push(`duplicate ${id}`);
    const one = this.kept.find(({ run }) => run.id === id)!;
    this.kept.push({ ...one, run: { ...one.run, id: `${id}-copy`, name: `${one.run.name}, copy` } });
    return { id: `${id}-copy` };
  };
  deleteRun = async (id: string): Promise<Problems | null> => {
    this.calls.push(`delete ${id}`);
    return this.change(id, { deleted: 1 });
  };
  undeleteRun = async (id: string): Promise<Problems | null> => {
    this.calls.push(`undelete ${id}`);
    return this.change(id, { deleted: undefined });
  };
  sweepRuns = async (): Promise<void> => {
    this.calls.push("sweep");
    this.kept = this.kept.filter(({ run }) => run.deleted === undefined);
  };
  continueRun = async (id: string, onward: Onward, onEvents: (events: TrainEvent[]) => void): Promise<void> => {
    this.calls.push(`continue ${id} ${JSON.stringify(onward)}`);
    const { run, events } = this.kept.find((one) => one.run.id === id)!;
    const steps = onward.steps ?? run.config.train.steps;
    onEvents([{ type: "run", id, name: run.name }, ...events, { type: "state", state: "finished", step: steps }]);
    this.change(id, { state: "finished", step: steps });
  };
  openRun = async (id: string, which: "last" | "best", onEvents: (events: TrainEvent[]) => void): Promise<void> => {
    this.calls.push(`open ${id} ${which}`);
    const { run, events } = this.kept.find((one) => one.run.id === id)!;
    onEvents([{ type: "run", id, name: run.name }, ...events]);
  };
  exportRuns = async (ids: string[]): Promise<ExportedFile | Problems> => {
    this.calls.push(`export ${ids.join(" ")}`);
    return { name: "runs.zip", bytes: new Uint8Array([0x50, 0x4b, 5, 6]) };
  };
  importRuns = async (zip: Blob): Promise<{ ids: string[]; problems: Problem[] }> => {
    this.calls.push(`import ${zip.size}`);
    return { ids: [], problems: [{ where: "zip", what: "holds no run", hint: "Take a zip that Export has made", level: "error" }] };
  };
}
