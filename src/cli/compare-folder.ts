// compare-folder.ts — the folder of a comparison: a file per run, so that processes can share it and a run that is there is not run again; tables and
// picture made anew from whatever runs are there. A file is written beside and renamed: nobody reads half of one.

import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TrainEvent } from "../protocol.ts";
import type { ArmRun, ArmSize, Comparison, ComparisonSummary } from "../protocol/comparison.ts";
import { reportFiles, runFiles } from "../train/compare-report.ts";
import { readRuns } from "../train/compare-read.ts";
import { summaryOf } from "../train/compare-summary.ts";

export class CompareFolder {
  private constructor(
    private readonly folder: string,
    private readonly comparison: Comparison,
    private readonly sizes: ReadonlyMap<string, ArmSize>,
  ) {}

  static async open(folder: string, comparison: Comparison, sizes: ReadonlyMap<string, ArmSize>): Promise<CompareFolder> {
    await mkdir(join(folder, "runs"), { recursive: true });
    return new CompareFolder(folder, comparison, sizes);
  }

  private async writeAll(files: Record<string, string>): Promise<void> {
    for (const [name, content] of Object.entries(files)) {
      const path = join(this.folder, name);
      await writeFile(`${path}.${process.pid}`, content);
      await rename(`${path}.${process.pid}`, path);
    }
  }

  /** Runs of this comparison as it is now. others: files of runs that are no longer of it. */
  async runs(): Promise<{ runs: ArmRun[]; others: string[] }> {
    const names = (await readdir(join(this.folder, "runs"))).filter((n) => n.endsWith(".json")).sort();
    const files = await Promise.all(names.map(async (name) => ({ name, json: parsed(await readFile(join(this.folder, "runs", name), "utf8")) })));
    const runs = readRuns(files.map((f) => f.json), this.comparison); // prettier-ignore
    const others = files.filter(({ json }) => !runs.includes(json as ArmRun)).map(({ name }) => name);
    return { runs, others };
  }

  keep = (run: ArmRun, events: readonly TrainEvent[]): Promise<void> => this.writeAll(runFiles(run, events));

  /** Tables and picture of what is there. */
  async report(): Promise<ComparisonSummary> {
    const { runs } = await this.runs();
    const summary = summaryOf(this.comparison, runs, this.sizes);
    await this.writeAll(reportFiles(this.comparison, runs, summary));
    return summary;
  }
}

/** null: not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
