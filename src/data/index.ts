// index.ts — the bundled data sets. A new one is a file and a line here.

import type { Row } from "./row.ts";
import { talesQa } from "./tales-qa.ts";

export interface DataSet {
  name: string;
  title: string;
  /** One line of help. */
  help: string;
  /** A function of the seed alone. */
  load(seed: number): { train: Row[]; heldOut: Row[] };
}

export const datasets: Record<string, DataSet> = {
  "tales-qa": {
    name: "tales-qa",
    title: "Questions about tales",
    help: "4,000 two-person tales, each with a question (who, where, what color, how many, why); 400 held-out rows ask about combinations never seen in training.",
    load: talesQa,
  },
};
