// labelled-tasks.ts — the classification tasks known by name, and which columns hold the texts and the label. GLUE's tasks with the
// metrics its paper reports: https://arxiv.org/abs/1804.07461

import { DataError } from "./error.ts";
import { list } from "./lines.ts";

/** f1: of the second class. matthews: correlation of two classes. pearson: correlation of values. */
export type Metric = "accuracy" | "f1" | "matthews" | "pearson";

export interface LabelledTask {
  /** The first is the one to compare by. */
  metrics: readonly Metric[];
  regression?: true;
  /** How its files are called, where the columns do not tell. */
  file: RegExp;
  /** Columns of GLUE's own file, enough to know it. */
  header?: readonly string[];
}

export const labelledTasks: Readonly<Record<string, LabelledTask>> = {
  mrpc: { metrics: ["accuracy", "f1"], file: /mrpc|msr_paraphrase/i, header: ["Quality", "#1 String", "#2 String"] },
  rte: { metrics: ["accuracy"], file: /\brte\b/i },
  "sst-2": { metrics: ["accuracy"], file: /sst-?2/i },
  cola: { metrics: ["matthews"], file: /\bcola\b/i },
  qnli: { metrics: ["accuracy"], file: /\bqnli\b/i },
  "sts-b": { metrics: ["pearson"], regression: true, file: /\bsts-?b/i, header: ["sentence1", "sentence2", "score"] },
  paraphrase: { metrics: ["accuracy", "f1"], file: /^paraphrase$/ },
};

/** What a run on this data reports. task: a name above, or null; classes: null in regression. */
export function metricsOf(task: string | null, classes: readonly string[] | null): readonly Metric[] {
  if (classes === null) return ["pearson"];
  const known = task !== null && Object.hasOwn(labelledTasks, task) ? labelledTasks[task].metrics : [];
  const possible = known.filter((metric) => metric === "accuracy" || (metric !== "pearson" && classes.length === 2));
  return possible.length > 0 ? possible : ["accuracy"];
}

/** The task that a file belongs to, by its columns or else by its name or folder; null: none of ours. */
export function taskOf(columns: readonly string[], file: string): string | null {
  const tasks = Object.entries(labelledTasks);
  const byColumns = tasks.find(([, { header }]) => header?.every((name) => columns.includes(name)));
  return (byColumns ?? tasks.find(([, task]) => task.file.test(file)))?.[0] ?? null;
}

/** Names of the columns, as in `data.columns`. */
export interface Columns {
  text: string;
  text2?: string;
  label: string;
}

const PAIRS: readonly (readonly [string, string])[] = [
  ["sentence1", "sentence2"],
  ["#1 String", "#2 String"],
  ["question1", "question2"],
  ["question", "sentence"],
  ["premise", "hypothesis"],
  ["text1", "text2"],
  ["text_a", "text_b"],
  ["text", "text2"],
];
const TEXTS = ["text", "sentence", "content", "review", "message", "comment", "tweet", "document", "question"];
const LABELS = ["label", "labels", "class", "category", "target", "gold_label", "Quality", "sentiment", "score"];

/**
 * Which columns hold what: as `given`, else by name (whatever the case). A given text without a given text2 is read alone.
 * Throws DataError that lists the columns found.
 */
export function findColumns(found: readonly string[], given: Partial<Columns>, where: string): Columns {
  const by = (name: string) => found.find((column) => column === name) ?? found.find((column) => column.toLowerCase() === name.toLowerCase());
  const missing = (what: string, hint: string) => new DataError(where, `has no ${what} (it has: ${list(found)})`, hint);
  for (const [field, name] of Object.entries(given)) {
    if (name !== undefined && by(name) === undefined)
      throw missing(`column "${name}"`, `Correct data.columns.${field}, or leave it out to have the column found by its name`);
  }
  const pair = PAIRS.find((names) => names.every((name) => by(name) !== undefined));
  const text = given.text ?? pair?.[0] ?? TEXTS.find((name) => by(name) !== undefined);
  const text2 = given.text2 ?? (given.text === undefined ? pair?.[1] : undefined);
  const label = given.label ?? LABELS.find((name) => by(name) !== undefined);
  if (text === undefined) throw missing("column for the text", `Name it in data.columns.text, or call it ${TEXTS[0]} or ${TEXTS[1]}`);
  if (label === undefined) {
    throw missing(
      "column for the label",
      "Name it in data.columns.label, or call it label. Test parts of benchmarks come without labels: use the training part",
    );
  }
  const columns = { text: by(text)!, ...(text2 === undefined ? {} : { text2: by(text2)! }), label: by(label)! };
  if (new Set(Object.values(columns)).size < Object.values(columns).length) {
    throw new DataError("data.columns", `names one column twice (${Object.values(columns).join(", ")})`, "Name a column of its own for each");
  }
  return columns;
}
