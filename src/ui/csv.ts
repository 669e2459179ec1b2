// csv.ts — rows of cells as a CSV file, RFC 4180; and the steps of runs as such rows. Names of modules hold no commas, but a stranger's model may.
import type { RunView } from "./fold.ts";

/** null: an empty cell. */
export function csv(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const quote = (value: string | number | null): string => {
    const written = String(value ?? "");
    return /[",\r\n]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
  };
  return [head, ...rows].map((row) => row.map(quote).join(",") + "\r\n").join("");
}

type Steps = RunView["steps"];
const columns = ["step", "loss", "learningRate", "gradNorm", "tokens", "time"] as const;
const head = ["step", "loss", "learning_rate", "grad_norm", "tokens", "time_ms"];

const stepRows = ({ columns: values, length }: Steps): number[][] => Array.from({ length }, (_, i) => columns.map((name) => values[name][i]));

/** One row per step, and one per evaluation, whose loss and metric stand in columns of their own. */
export function stepsCsv(steps: Steps, evaluations: RunView["evaluations"]): string {
  const held = evaluations.map(({ step, loss, metric }) => [step, null, null, null, null, null, loss, metric]);
  return csv(
    [...head, "held_out_loss", "held_out_metric"],
    [...stepRows(steps).map((row) => [...row, null, null]), ...held].sort((a, b) => a[0]! - b[0]!),
  );
}

/** The steps of all runs, one after the other, with the run's name before them. */
export const runsCsv = (runs: readonly { name: string; steps: Steps }[]): string =>
  csv(["run", ...head], runs.flatMap(({ name, steps }) => stepRows(steps).map((row) => [name, ...row]))); // prettier-ignore
