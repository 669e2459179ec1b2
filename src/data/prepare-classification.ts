// prepare-classification.ts — rows with labels → examples ready for training: classes found, held-out part split off, limited, encoded,
// everything left out accounted for.

import { count } from "../formats/source.ts";
import { split } from "./batch.ts";
import { encodeLabelled, type LabelledExample } from "./classification.ts";
import { DataError } from "./error.ts";
import { brief, list } from "./lines.ts";
import { type Watch, paced } from "./pace.ts";
import type { PrepareOptions } from "./prepare.ts";
import { type LabelledRow, ofEvaluation, type Parsed, reject, type WrongRow, WRONG_LISTED } from "./row.ts";
import type { TextTokenizer } from "./tokenizer.ts";

/** More than this is no label column. */
const CLASSES_LIMIT = 1000;

/** Rows as they come from a source: a bundled set has a held-out part of its own, a file has wrong rows. */
export interface LabelledSource extends Partial<Pick<Parsed<LabelledRow>, "wrong" | "wrongTotal" | "unread">> {
  rows: readonly LabelledRow[];
  heldOut?: readonly LabelledRow[];
  /** heldOut is of data.eval_source: its lines are of another file. */
  fromEvalSource?: boolean;
}

export interface PreparedClassification {
  train: LabelledExample[];
  heldOut: LabelledExample[];
  /** The rows behind heldOut, in the same order. */
  heldOutRows: LabelledRow[];
  /** Names of the classes, by index; null: regression. */
  classes: string[] | null;
  wrong: WrongRow[];
  wrongTotal: number;
  truncated: number;
  unread?: string;
}

export interface PrepareClassificationOptions extends PrepareOptions {
  /** Given by the data set; null: regression. Otherwise found in the training rows. */
  classes?: readonly string[] | null;
}

/** Throws DataError: no row left to train on, fewer than two classes, a held-out label that training does not know, no room for a token. */
export async function prepareClassification(
  source: LabelledSource,
  tokenizer: TextTokenizer,
  options: PrepareClassificationOptions,
  watch: Watch = {},
): Promise<PreparedClassification> {
  const { maxLength, evalShare, limit, seed } = options;
  checkRoom(tokenizer, maxLength);
  const regression = options.classes === undefined ? areScores([...source.rows, ...(source.heldOut ?? [])]) : options.classes === null;
  const parts = source.heldOut ? { train: source.rows, heldOut: source.heldOut } : splitLabelled(source.rows, evalShare, seed, regression);
  const classes = regression ? null : options.classes ? [...options.classes] : findClasses(parts.train, parts.heldOut);
  const trainRows = limit === null ? parts.train : parts.train.slice(0, limit);
  const pace = paced(watch, "encoding rows", "rows");
  const encode = (rows: readonly LabelledRow[], before: number) =>
    encodeAll(rows, classes, tokenizer, maxLength, (row) => pace(before + row, trainRows.length + parts.heldOut.length));

  const train = await encode(trainRows, 0);
  const heldOut = await encode(parts.heldOut, trainRows.length);
  if (train.examples.length === 0) {
    const own = source.fromEvalSource ? [train] : [train, heldOut];
    const [first] = own.flatMap(({ wrong }) => wrong);
    const total = own.reduce((sum, { wrongTotal }) => sum + wrongTotal, 0);
    const why = first ? `none of its ${count(total)} rows can be used; line ${first.line}: ${first.reason}` : "has no training rows";
    throw new DataError("data.source", why, first ? "Correct the rows" : "Raise data.limit or give more rows");
  }
  const evaluated = source.fromEvalSource ? heldOut.wrong.map(ofEvaluation) : heldOut.wrong;
  return {
    train: train.examples,
    heldOut: heldOut.examples,
    heldOutRows: heldOut.rows,
    classes,
    wrong: [...(source.wrong ?? []), ...train.wrong, ...evaluated].slice(0, WRONG_LISTED),
    wrongTotal: (source.wrongTotal ?? 0) + train.wrongTotal + heldOut.wrongTotal,
    truncated: train.truncated + heldOut.truncated,
    ...(source.unread === undefined ? {} : { unread: source.unread }),
  };
}

async function encodeAll(
  rows: readonly LabelledRow[],
  classes: readonly string[] | null,
  tokenizer: TextTokenizer,
  maxLength: number,
  between: (row: number) => Promise<void> | undefined,
): Promise<Parsed<LabelledRow> & { examples: LabelledExample[]; truncated: number }> {
  const out = { examples: [] as LabelledExample[], rows: [] as LabelledRow[], wrong: [] as WrongRow[], wrongTotal: 0, truncated: 0 };
  const index = classes && new Map(classes.map((name, i) => [name, i]));
  for (const [i, row] of rows.entries()) {
    await between(i);
    const label = index ? index.get(nameOf(row.label)) : isNumber(row.label) ? Number(row.label) : undefined;
    const line = row.line ?? i + 1;
    if (label === undefined) {
      reject(out, line, `its label "${brief(nameOf(row.label), 40)}" is ${classes ? `not one of the classes (${list(classes)})` : "not a number"}`);
      continue;
    }
    if (row.text.trim() === "" || row.text2?.trim() === "") {
      reject(out, line, "has an empty text");
      continue;
    }
    const { example, truncated } = encodeLabelled(row, label, tokenizer, maxLength);
    out.examples.push(example);
    out.rows.push(row);
    if (truncated) out.truncated++;
  }
  return out;
}

/** A part split off by chance takes no class away from training: the rows of such a class stay there. */
function splitLabelled(rows: readonly LabelledRow[], evalShare: number, seed: number, regression: boolean): { train: LabelledRow[]; heldOut: LabelledRow[] } {
  const { train, heldOut } = split(rows, evalShare, seed);
  const names = new Set(train.map(({ label }) => nameOf(label)));
  const known = ({ label }: LabelledRow) => regression || names.has(nameOf(label));
  return { train: [...train, ...heldOut.filter((row) => !known(row))], heldOut: heldOut.filter(known) };
}

/** The labels of the training rows, by number where all are numbers, else by their letters. */
function findClasses(train: readonly LabelledRow[], heldOut: readonly LabelledRow[]): string[] {
  const names = new Set(train.map(({ label }) => nameOf(label)));
  const classes = [...names].sort([...names].every(isNumber) ? (a, b) => Number(a) - Number(b) : undefined);
  if (classes.length === 0) throw new DataError("data.source", "has no training rows", "Give rows of at least two classes");
  if (classes.length === 1) {
    throw new DataError(
      "data.source",
      `all ${count(train.length)} training rows have the label "${brief(classes[0], 40)}": there is nothing to tell apart`,
      "Give rows of at least two classes (−1 marks the hidden labels of a test part: use the training part)",
    );
  }
  if (classes.length > CLASSES_LIMIT) {
    const what = `its label column has ${count(classes.length)} different values (limit ${count(CLASSES_LIMIT)})`;
    throw new DataError("data.source", what, "Name the column of the label in data.columns.label");
  }
  // Only rows of data.eval_source can have one: where rows are split off, its row stays in training, and a bundled set tells its classes.
  const stray = heldOut.findIndex(({ label }) => !names.has(nameOf(label)));
  if (stray >= 0) {
    const { label, line = stray + 1 } = heldOut[stray];
    const what = `the row of line ${line} has the label "${brief(nameOf(label), 40)}", which no training row has (${list(classes)})`;
    throw new DataError("data.eval_source", what, "Correct the label, or give training rows of that class");
  }
  return classes;
}

/** Scores rather than classes: all are numbers and some are not whole. */
const areScores = (rows: readonly LabelledRow[]): boolean =>
  rows.every(({ label }) => isNumber(label)) && rows.some(({ label }) => !Number.isInteger(Number(label)));

const nameOf = (label: string | number): string => String(label).trim();

const isNumber = (label: string | number): boolean => nameOf(label) !== "" && Number.isFinite(Number(label));

function checkRoom({ template, addBos }: TextTokenizer, maxLength: number): void {
  const special = template ? template.pair.filter((part) => "id" in part).length : addBos ? 1 : 0;
  if (maxLength >= special + 2) return;
  const what = `${maxLength} tokens leave no room for two texts beside ${special} special tokens`;
  throw new DataError("data.max_length", what, `Set it to ${special + 2} or more`);
}
