// inspect.ts — what a model or an adapter is: sizes, tensors, sites, tokenizer; or ranks and scales per module. Needs no device.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { parameterCounts, targetOfBase } from "../../train/subject.ts";
import { SHORTCUTS_FILE, type Trained } from "../../formats/shortcuts.ts";
import type { Command, Outcome } from "../command.ts";
import { openAdapter, openModel, openTrained } from "../place.ts";

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const n = (x: number): string => x.toLocaleString("en");

export const inspect: Command = {
  name: "inspect",
  takes: "MODEL",
  summary: "architecture, tensors, sites and tokenizer of a model; ranks and scales of an adapter",
  details: "MODEL: bundled:NAME, hub:org/name@revision, file:FOLDER, or the path of a model's or a PEFT adapter's folder, or of a run's that has shortcuts.",
  options: {},
  async run(args) {
    const name = args.only();
    const path = name.startsWith("file:") ? name.slice("file:".length) : name;
    if (existsSync(join(path, SHORTCUTS_FILE))) return inspectShortcuts(path);
    if (existsSync(join(path, "adapter_config.json")) && !existsSync(join(path, "config.json"))) return inspectAdapter(path);
    return inspectModel(existsSync(path) ? `file:${path}` : name);
  },
};

async function inspectModel(source: string): Promise<Outcome> {
  const { files, base, tokenizer, checkpoint } = await openModel(source);
  const { sites } = targetOfBase(base);
  const parameters = parameterCounts(targetOfBase(base)).total;
  print(`${files.name}${files.revision ? `@${files.revision}` : ""}: ${base.model.name} (arXiv ${base.model.paper}), ${n(parameters)} parameters`);
  for (const [field, value] of Object.entries(base.config)) print(`  ${field} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  print(`${checkpoint.names().length} tensors, ${n(checkpoint.size)} bytes`);
  for (const t of checkpoint.names()) print(`  ${t} (${checkpoint.shape(t).join(", ")}) ${checkpoint.dtype(t)}`);
  print(`${sites.length} sites`);
  for (const s of sites) print(`  ${s.name} ${s.in} → ${s.out}`);
  const special = (id: number | null): string => (id === null ? "none" : `${id} ${JSON.stringify(tokenizer.piece(id))}`);
  print(`tokenizer: bos ${special(tokenizer.bosId)}${tokenizer.addBos ? ", put before documents" : ""}, eos ${special(tokenizer.eosId)}`);
  print(`  padding ${special(tokenizer.padId)}, stops at ${tokenizer.stopIds.map(special).join(", ") || "nothing"}`);
  const { vocabSize, hiddenSize, layers, maxPositions } = base.config;
  return {
    result: {
      name: files.name,
      revision: files.revision,
      architecture: base.model.name,
      parameters,
      layers,
      hidden_size: hiddenSize,
      vocab_size: vocabSize,
      max_positions: maxPositions,
      tensors: checkpoint.names().length,
      bytes: checkpoint.size,
      dtypes: [...new Set(checkpoint.names().map((t) => checkpoint.dtype(t)))],
      sites: sites.length,
      tokenizer: { bos: tokenizer.bosId, eos: tokenizer.eosId, pad: tokenizer.padId, stop: tokenizer.stopIds, add_bos: tokenizer.addBos },
    },
  };
}

async function inspectAdapter(path: string): Promise<Outcome> {
  const { config, modules } = await openAdapter(path);
  print(`LoRA adapter of ${config.base_model_name_or_path ?? "an unnamed base"}: ${sizes(modules)}`);
  return { result: { base: config.base_model_name_or_path, ...listed(modules) } };
}

async function inspectShortcuts(path: string): Promise<Outcome> {
  const { form, modules } = await openTrained(path);
  print(`A run's shortcuts (form ${form}) and its LoRA adapter: ${sizes(modules)}`);
  return { result: { form, ...listed(modules) } };
}

const parametersOf = (modules: Trained["modules"]): number => [...modules.values()].reduce((sum, m) => sum + m.A.data.length + m.B.data.length, 0);
const sizes = (modules: Trained["modules"]): string => `${modules.size} modules, ${n(parametersOf(modules))} parameters`;

function listed(modules: Trained["modules"]): Record<string, unknown> {
  for (const [name, m] of modules) print(`  ${name} r ${m.r} alpha ${m.alpha} scale ${m.scale} (${m.A.shape[1]} → ${m.B.shape[0]})`);
  return {
    parameters: parametersOf(modules),
    modules: Object.fromEntries([...modules].map(([name, { r, alpha, scale }]) => [name, { r, alpha, scale }])),
  };
}
