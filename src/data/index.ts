// index.ts — the bundled data sets. A new one is a file and a line here.

import { paraphrase } from "./paraphrase.ts";
import { paraphraseText } from "./paraphrase-text.ts";
import type { LabelledRow, Row } from "./row.ts";
import { talesQa } from "./tales-qa.ts";
import { tinySql } from "./tiny-sql.ts";

interface Described {
  name: string;
  title: string;
  /** One line of help. */
  help: string;
}

export interface CausalDataSet extends Described {
  task: "causal-lm";
  /** A function of the seed alone. */
  load(seed: number): { train: Row[]; heldOut: Row[] };
}

export interface LabelledDataSet extends Described {
  task: "classification";
  /** In the order of their indices; null: regression. */
  classes: readonly string[] | null;
  /** A function of the seed alone. */
  load(seed: number): { train: LabelledRow[]; heldOut: LabelledRow[] };
}

export type DataSet = CausalDataSet | LabelledDataSet;

export const datasets: Record<string, DataSet> = {
  "tales-qa": {
    name: "tales-qa",
    title: "Questions about tales",
    help: "4,000 two-person tales, each with a question (who, where, what color, how many, why); 400 held-out rows ask about combinations never seen in training.",
    task: "causal-lm",
    load: talesQa,
  },
  "tiny-sql": {
    name: "tiny-sql",
    title: "Questions to SQL",
    help: "4,000 tables with their columns and a question, to be written as an SQL query; 400 held-out rows ask about combinations never seen in training.",
    task: "causal-lm",
    load: tinySql,
  },
  paraphrase: {
    name: "paraphrase",
    title: "Same meaning?",
    help: "4,000 pairs of sentences that say the same or not (synonyms, negation, active and passive, swapped roles); 400 held-out pairs of combinations never seen in training.",
    task: "classification",
    classes: ["different", "same"],
    load: paraphrase,
  },
  "paraphrase-text": {
    name: "paraphrase-text",
    title: "Same meaning? As text",
    help: "The pairs of “Same meaning?” for a model that writes: both sentences, and same or different as the answer.",
    task: "causal-lm",
    load: paraphraseText,
  },
};
