// model-card.ts — README.md of an exported run, in the form the model hub reads (YAML front matter, then Markdown).

export interface ModelCard {
  title: string;
  /** Of the base: its hub id, or the source of one that is not on the hub: `bundled:tales-3m`, `file:FOLDER`. */
  baseModel: string;
  revision?: string | null;
  /** adapter: a PEFT folder; merged: all weights, with the adapter taken into them; full: all weights, which were trained themselves. */
  kind: "adapter" | "merged" | "full";
  /** Where the files lie, seen from the card: `adapter`, `model`, or `.`. */
  folder: string;
  /** HeteroLoRA's shortcuts beside it, which PEFT cannot hold: how many, and whether there is an adapter/ too. */
  shortcuts?: { count: number; adapter: boolean };
  /** Of a classifier: names by index; null: it gives values. Absent: a language model. */
  classes?: readonly string[] | null;
  /** One line per fact about the data: `["Source", "bundled:tales-qa"], ["Training rows", 3600]`. */
  data: readonly (readonly [string, string | number])[];
  /** Results, likewise: `["Evaluation loss, base", 4.84]`. */
  results: readonly (readonly [string, string | number])[];
  settings: readonly (readonly [string, string | number])[];
  /** Program or library → version. */
  versions: Readonly<Record<string, string>>;
  modules: readonly { path: string; r: number; alpha: number; in: number; out: number }[];
}

export function modelCard(card: ModelCard): string {
  const { kind } = card;
  const sections = [
    `---\n${frontMatter(card)}\n---`,
    `# ${inline(card.title)}`,
    whatItIs(card),
    `## Load it\n\n${kind === "adapter" ? loadAdapter(card) : loadWhole(card)}`,
    `## Data\n\n${table(["", "value"], card.data)}`,
    `## Results\n\n${table(["", "value"], card.results)}`,
    ...(kind === "full" ? [] : [`## Ranks\n\n${ranks(card.modules)}`]),
    `## Settings\n\n${table(["setting", "value"], card.settings)}`,
    `## Versions\n\n${table(["", "version"], Object.entries(card.versions))}`,
  ];
  return `${sections.join("\n\n")}\n`;
}

function whatItIs({ kind, baseModel, revision, shortcuts }: ModelCard): string {
  const base = `${code(baseModel)}${revision ? ` at revision ${code(revision)}` : ""}`;
  if (kind === "merged") return `${base} with a LoRA adapter merged into its weights, trained with Rankscope. All weights are f32.`;
  if (kind === "full") return `${base}, fine-tuned with Rankscope. All weights are f32.`;
  return `${shortcuts ? "A LoRA adapter and HeteroLoRA's shortcuts" : "A LoRA adapter"} over ${base}, trained with Rankscope.`;
}

const autoClass = ({ classes }: ModelCard): string => (classes === undefined ? "AutoModelForCausalLM" : "AutoModelForSequenceClassification");

/** Whoever loads the base says where it lies. */
const isLocal = (baseModel: string): boolean => /^(bundled|file):/.test(baseModel);

function frontMatter({ baseModel, kind, classes }: ModelCard): string {
  const yaml = (text: string): string => JSON.stringify(text);
  const tags = kind === "adapter" ? ["lora", "rankscope", "transformers"] : kind === "merged" ? ["lora", "rankscope"] : ["rankscope"];
  const relation = kind === "adapter" ? "adapter" : "finetune";
  // The hub takes ids of its own only.
  const known = isLocal(baseModel) ? [] : [baseModel];
  return [
    ...known.map((id) => `base_model: ${yaml(id)}`),
    `library_name: ${kind === "adapter" ? "peft" : "transformers"}`,
    `pipeline_tag: ${classes === undefined ? "text-generation" : "text-classification"}`,
    "tags:",
    ...[...known.map((id) => `base_model:${relation}:${id}`), ...tags].map((tag) => `- ${yaml(tag)}`),
  ].join("\n");
}

function loadAdapter(card: ModelCard): string {
  const { baseModel, revision, classes, shortcuts, folder } = card;
  const labels = classes === undefined ? "" : `, ${classes ? `id2label=${JSON.stringify({ ...classes })}`.replace(/"(\d+)":/g, "$1: ") : "num_labels=1"}`;
  const local = isLocal(baseModel);
  const id = JSON.stringify(local ? `path/to/${baseModel.replace(/^\w+:/, "").split(/[\\/]/).filter(Boolean).at(-1)}` : baseModel);
  const at = revision && !local ? `, revision=${JSON.stringify(revision)}` : "";
  const python = [
    "```python",
    ...(shortcuts ? [] : ["from peft import PeftModel"]),
    `from transformers import ${autoClass(card)}, AutoTokenizer`,
    ...(shortcuts ? ["from load_shortcuts import load"] : []),
    "",
    `base = ${autoClass(card)}.from_pretrained(${id}${at}${labels}, dtype="float32")`,
    `tokenizer = AutoTokenizer.from_pretrained(${id}${at})`,
    shortcuts ? 'model = load(base, ".")' : `model = PeftModel.from_pretrained(base, ${JSON.stringify(folder)})`,
    "```",
  ];
  if (shortcuts) python.push("", withoutThem(shortcuts));
  return python.join("\n");
}

/** What PEFT alone makes of such a run. */
function withoutThem({ count, adapter }: NonNullable<ModelCard["shortcuts"]>): string {
  const lost = `the ${count} shortcut${count === 1 ? "" : "s"} of \`shortcuts.safetensors\``;
  const files = "Run this in the run's folder: `load_shortcuts.py`, `shortcuts.json` and `shortcuts.safetensors` lie there.";
  return adapter ? `${files} PEFT by itself can load \`adapter/\`, but leaves out ${lost}: that is another model than the one that was trained.` : files;
}

function loadWhole(card: ModelCard): string {
  const [auto, folder] = [autoClass(card), JSON.stringify(card.folder)];
  return [
    `${card.folder === "." ? "This folder" : code(`${card.folder}/`)} holds \`config.json\`, \`model.safetensors\` and the tokenizer of the base.`,
    "",
    "```python",
    `from transformers import ${auto}, AutoTokenizer`,
    "",
    `model = ${auto}.from_pretrained(${folder})`,
    `tokenizer = AutoTokenizer.from_pretrained(${folder})`,
    "```",
  ].join("\n");
}

function ranks(modules: ModelCard["modules"]): string {
  const parameters = modules.reduce((sum, m) => sum + m.r * (m.in + m.out), 0);
  const rows = modules.map((m) => [code(m.path), m.r, m.alpha, m.r === 0 ? "–" : Number((m.alpha / m.r).toPrecision(4)), m.r * (m.in + m.out)]);
  return `${modules.filter((m) => m.r > 0).length} modules, ${parameters.toLocaleString("en-US")} trainable numbers.\n\n${table(["module", "r", "alpha", "alpha / r", "parameters"], rows)}`;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  if (rows.length === 0) return "None.";
  const line = (cells: readonly (string | number)[]): string => `| ${cells.map((cell) => inline(String(cell))).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

/** Text that stays in its line and its cell, whatever a file or a name from outside holds. */
function inline(text: string): string {
  return text
    .replace(/[\r\n]+/g, " ")
    .replaceAll("|", "\\|")
    .replaceAll("<", "&lt;");
}

function code(text: string): string {
  return `\`${text.replaceAll("`", "'").replace(/[\r\n]+/g, " ")}\``;
}
