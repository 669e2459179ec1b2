// fields.ts — every field of a RunConfig: its title, one line of help, its bounds. The form, the checks and the command line's errors all read this table.

import { shortcutForms } from "../adapters/shortcut.ts";
import { allocators } from "../allocators/index.ts";
import { rowFormats } from "../data/row-formats.ts";
import { templates } from "../data/template.ts";
import type { Catalogue } from "../protocol.ts";
import { methods } from "../methods/index.ts";
import { optimizers } from "../optimizers/index.ts";
import { proxies } from "../proxies/index.ts";
import { schedules } from "../schedules/index.ts";
import { schedulers } from "./learning-rate.ts";

type Shown = Catalogue["fields"][string];
export type Field = Shown & {
  kind: "number" | "text" | "choice" | "flag" | "list" | "map" | "budget" | "columns";
  choices?: readonly string[];
  nullable?: boolean;
  zero?: true;
};

const count = (title: string, help: string, min: number, max: number, more: Partial<Field> = {}): Field => ({
  kind: "number",
  title,
  help,
  min,
  max,
  integer: true,
  ...more,
});
const number = (title: string, help: string, min: number, max: number, more: Partial<Field> = {}): Field => ({
  kind: "number",
  title,
  help,
  min,
  max,
  ...more,
});
const choice = (title: string, help: string, choices: readonly string[], more: Partial<Field> = {}): Field => ({
  kind: "choice",
  title,
  help,
  choices,
  ...more,
});

export const fields: Readonly<Record<string, Field>> = {
  "model.source": { kind: "text", title: "Model", help: "The base that is fine-tuned: bundled:NAME, hub:org/name@revision or file:FOLDER." },
  "model.task": choice("Task", "What the model is trained to do.", ["causal-lm", "classification"]),
  "model.dtype": choice("Number format", "How the frozen weights are kept on the device.", ["f32"]),
  "data.source": { kind: "text", title: "Data", help: "What it learns from: bundled:NAME or file:PATH (JSONL, JSON, CSV, TSV or text, also as .gz)." },
  "data.format": choice("Format", "How rows are read; auto looks at the columns.", ["auto", ...rowFormats.map(({ name }) => name)]),
  "data.columns": {
    kind: "columns",
    title: "Columns",
    help: 'What the columns of a file hold, where their names do not tell: { "text": "review", "label": "stars" }.',
    choices: [...new Set(rowFormats.flatMap(({ roles }) => roles.map(({ role }) => role)))],
    nullable: true,
  },
  "data.template": {
    kind: "text",
    title: "Chat template",
    help: `How conversations are written: auto (the model's own, else plain), ${Object.keys(templates).join(", ")}, or a template in Jinja.`,
    max: 64 * 1024,
  },
  "data.system": { kind: "text", title: "System prompt", help: "Stands before every conversation that has none.", nullable: true },
  "data.max_length": count("Longest row", "Longer prompts lose their beginning; memory grows with it.", 8, 8192, { unit: "tokens" }),
  "data.eval_source": {
    kind: "text",
    title: "Evaluation data",
    help: "Rows of their own to evaluate on, file:PATH or bundled:NAME; empty: a part of the data is held out.",
    nullable: true,
  },
  "data.eval_share": number("Held-out share", "Part of the rows kept for evaluation, where the data has no part of its own.", 0, 0.9),
  "data.split_seed": count("Seed of the split", "Which rows are held out. The seed of the run does not change it.", 0, 2 ** 32 - 1),
  "data.limit": count("Row limit", "Use at most so many training rows.", 1, 1e9, { nullable: true }),
  method: choice("Method", "How the model is fine-tuned.", Object.keys(methods)),
  r: count("Rank r", "Width of the low-rank product: more can learn more and takes more memory.", 1, 1024, { paper: "2106.09685" }),
  lora_alpha: number("Alpha α", "The product is multiplied by α / r. Twice the rank is a good start.", 1e-6, 1e6, { paper: "2106.09685" }),
  lora_dropout: number("Dropout", "Share of a branch's inputs dropped at random while training.", 0, 0.95),
  target_modules: { kind: "list", title: "Modules", help: "Which linear layers get an adapter, by name or full path, as PEFT matches them." },
  rank_pattern: { kind: "map", title: "Ranks by module", help: "Ranks that differ from r, by module path, as PEFT matches them." },
  alpha_pattern: { kind: "map", title: "Alphas by module", help: "Alphas that differ, by module path. α / r is kept equal everywhere when you click a cell." },
  "allocation.proxy": choice("Score", "What a module's worth is read from.", Object.keys(proxies), { paper: "2406.14956" }),
  "allocation.allocator": choice("Allocation", "How scores become ranks.", Object.keys(allocators)),
  "allocation.budget": { kind: "budget", title: "Budget", help: "What may be spent: { modules }, { parameters } or { share } of all." },
  "allocation.when": choice("Decided", "Once before training, or again and again.", Object.keys(schedules)),
  "allocation.realloc_N": number("Every", "Share of an epoch between two re-allocations.", 1e-4, 1, { unit: "epochs", paper: "2406.14956" }),
  "allocation.batches": count("Calibration batches", "First batches of the training rows, unshuffled; scores are sums over them.", 1, 4096),
  "allocation.B": choice("B while scoring", "At the start B is 0 and some scores vanish: auto puts a random B in where they would.", [
    "auto",
    "as-is",
    "random",
    "warm-up",
  ]),
  "allocation.min_rank": count("Smallest rank", "Where ranks are free: no module gets less, as long as the budget pays for it.", 0, 1024),
  "allocation.max_rank": count("Largest rank", "Where ranks are free; empty: four times r.", 1, 1024, { nullable: true }),
  "allocation.rank_step": count("Rank step", "Where ranks are free: they are multiples of it.", 1, 256),
  "allocation.locked": { kind: "list", title: "Locked", help: "Modules that keep their rank whatever their score, by name or path." },
  "allocation.excluded": { kind: "list", title: "Excluded", help: "Modules that get nothing, by name or path." },
  "allocation.ranks": { kind: "map", title: "Ranks by hand", help: "For the allocation by hand: ranks by module; 0 turns it off.", zero: true },
  "allocation.first_epochs_random": count("Random epochs", "Epochs at the start in which the choice is random.", 0, 1e6, { unit: "epochs" }),
  "allocation.stop_after": number("Settled after", "Share of the run after which the allocation stays.", 0, 1),
  "allocation.shortcuts": choice(
    "Shortcuts",
    "Low-rank shortcuts around and between layers, on or off like modules: with a budget of their own (separated) or in one ranking with the modules (combined).",
    ["off", "separated", "combined"],
    { paper: "2406.14956" },
  ),
  "allocation.shortcut_r": count("Shortcut r", "Width of a shortcut's low-rank product.", 1, 1024),
  "allocation.shortcut_alpha": number("Shortcut α", "A shortcut's product is multiplied by α / r; the paper tried 1 to 16.", 1e-6, 1e6),
  "allocation.shortcut_form": choice(
    "Shortcut form",
    "plain leaves the model as it is at the start; norm puts the block's norm behind a shortcut once more, as the authors do, which changes most models at once.",
    shortcutForms,
  ),
  "train.steps": count("Steps", "Optimizer steps.", 1, 1e7),
  "train.batch_size": count("Batch size", "Rows per forward pass.", 1, 4096, { unit: "rows" }),
  "train.gradient_accumulation_steps": count("Accumulation", "Passes summed into one step: a larger batch in the same memory.", 1, 4096),
  "train.gradient_checkpointing": {
    kind: "flag",
    title: "Checkpointing",
    help: "Computes layers again in backward instead of keeping their values: less memory, about a third more time.",
    paper: "1604.06174",
  },
  "train.learning_rate": number("Learning rate", "Size of a step at its highest. LoRA takes about ten times the rate of full fine-tuning.", 0, 10, {
    paper: "2405.09673",
  }),
  "train.lr_scheduler_type": choice("Schedule", "How the learning rate goes down.", Object.keys(schedulers)),
  "train.warmup_steps": count("Warm-up", "Steps in which the learning rate rises to its highest.", 0, 1e7, { unit: "steps" }),
  "train.optimizer": choice("Optimizer", "How gradients become steps.", Object.keys(optimizers)),
  "train.weight_decay": number("Weight decay", "Pulls trained values toward 0 at every step.", 0, 10, { paper: "1711.05101" }),
  "train.max_grad_norm": number("Clip at norm", "A longer gradient is shortened to this length; 0 leaves it.", 0, 1e6),
  "train.seed": count("Seed", "The same seed gives the same run on one device.", 0, 2 ** 32 - 1),
  "train.eval_every": count("Evaluate every", "Steps between evaluations on held-out rows; 0: only at the end.", 0, 1e7, { unit: "steps" }),
  "train.eval_rows": count("Evaluation rows", "Held-out rows used each time.", 1, 1e6, { unit: "rows" }),
  "train.samples_every": count("Answers every", "Steps between the tuned model's answers to fixed prompts; 0: only at the end.", 0, 1e7, { unit: "steps" }),
  "train.checkpoint_seconds": number("Checkpoint every", "Time between kept states of the run.", 1, 86400, { unit: "s" }),
  "train.group_by_length": {
    kind: "flag",
    title: "Group by length",
    help: "Rows of like length in one batch: less padding, so faster where lengths differ much; every row still once an epoch.",
  },
  backend: choice("Backend", "Where it computes; auto takes the best there is.", ["auto", "webgpu", "wasm", "reference"]),
};
