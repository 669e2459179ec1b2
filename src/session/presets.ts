// presets.ts — forms to begin with: the configurations of examples/, each with what it shows. The command line trains the same files.

import fullFineTuning from "../../examples/full-fine-tuning.json" with { type: "json" };
import firstRun from "../../examples/first-run.json" with { type: "json" };
import dynamicRanks from "../../examples/heterolora-dynamic.json" with { type: "json" };
import shortcuts from "../../examples/heterolora-shortcuts.json" with { type: "json" };
import staticRanks from "../../examples/heterolora-static.json" with { type: "json" };
import lowRank from "../../examples/low-rank.json" with { type: "json" };
import paraphraseDynamic from "../../examples/paraphrase-dynamic.json" with { type: "json" };
import paraphraseStatic from "../../examples/paraphrase-static.json" with { type: "json" };
import paraphrase from "../../examples/paraphrase.json" with { type: "json" };
import tinySql from "../../examples/tiny-sql.json" with { type: "json" };
import type { Catalogue } from "../protocol.ts";
import { parseConfig } from "../train/config.ts";

const preset = (name: string, title: string, help: string, json: unknown): Catalogue["presets"][number] => ({ name, title, help, config: parseConfig(json) });

export const presets = (): Catalogue["presets"] => [
  preset("first-run", "The first run", "Rank 8 everywhere: a story model learns to answer questions.", firstRun),
  preset("low-rank", "A low rank everywhere", "Rank 2: a quarter of the first run's numbers. Is the answer as good?", lowRank),
  preset(
    "heterolora-static",
    "A quarter, chosen once",
    "Rank 8 at the quarter of the modules with the strongest gradients, chosen before training.",
    staticRanks,
  ),
  preset("heterolora-dynamic", "A quarter, chosen again and again", "The same choice, made anew five times an epoch: watch it wander.", dynamicRanks),
  preset("heterolora-shortcuts", "With shortcuts", "Trainable shortcuts around the blocks stand for the same budget as the modules.", shortcuts),
  preset("full-fine-tuning", "Full fine-tuning", "Every weight learns: the reference, at about twenty times the numbers.", fullFineTuning),
  preset("paraphrase", "Same meaning?", "A classifier: do two sentences say the same? Rank 8 everywhere.", paraphrase),
  preset("paraphrase-static", "Same meaning? A quarter, chosen once", "The classifier with the rank where the gradients are strongest.", paraphraseStatic),
  preset("paraphrase-dynamic", "Same meaning? Chosen again and again", "The classifier with the choice made anew while it trains.", paraphraseDynamic),
  preset("tiny-sql", "Questions into SQL", "It writes queries for tables it has not seen together.", tinySql),
];
