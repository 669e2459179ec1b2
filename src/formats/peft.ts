// peft.ts — LoRA adapters as PEFT's folder: adapter_config.json and adapter_model.safetensors.
// Modules are named by their path inside the base model; in the file each has the prefix `base_model.model.`.

import { FormatError } from "./error.ts";
import { CONFIG_FILE, matchTarget, parseLoraConfig, patternValue, scaling, type LoraConfig } from "./peft-config.ts";
import { openSafetensors, writeSafetensors } from "./safetensors.ts";
import { bytesSource, readJsonObject, type ByteSource } from "./source.ts";

export { matchTarget, patternValue, scaling, type LoraConfig, type TargetRule } from "./peft-config.ts";

const WEIGHTS_FILE = "adapter_model.safetensors";
export const ADAPTER_FILES = [CONFIG_FILE, WEIGHTS_FILE] as const;
const PREFIX = "base_model.model.";
const CONFIG_LIMIT = 10_000_000;

export interface Matrix {
  readonly shape: readonly [number, number];
  /** Row by row, f32. */
  readonly data: Float32Array<ArrayBuffer>;
}

export interface AdapterModule {
  readonly r: number;
  readonly alpha: number;
  /** The factor before B·A. */
  readonly scale: number;
  /** (r, in) */
  readonly A: Matrix;
  /** (out, r) */
  readonly B: Matrix;
}

export interface PeftAdapter {
  readonly config: LoraConfig;
  /** By path inside the base model: `model.layers.0.self_attn.q_proj`. */
  readonly modules: ReadonlyMap<string, AdapterModule>;
  /** Tensors of modules_to_save, trained whole, by their name in the base: `classifier.weight`. */
  readonly saved: ReadonlyMap<string, SavedTensor>;
}

export interface SavedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * Reads an adapter from the files of its folder. Throws FormatError: a file missing or broken, a kind of adapter that is not plain LoRA, a
 * tensor that PEFT would ignore, half a pair, or a shape that disagrees with the ranks in the config.
 */
export async function readAdapter(files: ReadonlyMap<string, ByteSource | Uint8Array>): Promise<PeftAdapter> {
  const source = (name: string): ByteSource => {
    const file = files.get(name);
    if (!file) throw new FormatError("adapter folder", `has no ${name}`, "Give the whole folder that PEFT saved");
    return file instanceof Uint8Array ? bytesSource(file) : file;
  };
  const config = parseLoraConfig(await readJsonObject(source(CONFIG_FILE), CONFIG_FILE, CONFIG_LIMIT));
  const weights = await openSafetensors(new Map([[WEIGHTS_FILE, source(WEIGHTS_FILE)]]));

  const matrix = async (name: string): Promise<Matrix> => {
    const where = `${WEIGHTS_FILE}, tensor ${JSON.stringify(name)}`;
    if (!weights.has(name)) throw new FormatError(where, "is missing: A and B come in pairs", "Save the adapter again");
    const shape = weights.shape(name);
    if (shape.length !== 2) throw new FormatError(where, `has shape [${shape.join(", ")}], not two sizes`, "Only LoRA of linear layers is read");
    return { shape: [shape[0], shape[1]], data: await weights.read(name) };
  };
  const modules = new Map<string, AdapterModule>();
  const saved = new Map<string, SavedTensor>();
  for (const name of weights.names()) {
    const where = `${WEIGHTS_FILE}, tensor ${JSON.stringify(name)}`;
    const inBase = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : "";
    if (config.modules_to_save?.some((m) => inBase.startsWith(`${m}.`) || inBase.includes(`.${m}.`))) {
      saved.set(inBase, { shape: weights.shape(name), data: await weights.read(name) });
      continue;
    }
    const path = /^base_model\.model\.(.+)\.lora_[AB]\.weight$/.exec(name)?.[1];
    if (path === undefined) throw new FormatError(where, `is not named ${PREFIX}<module>.lora_A.weight or .lora_B.weight`, "Only plain LoRA is read");
    if (modules.has(path)) continue;
    if (!matchTarget(config, path)) throw new FormatError(where, `belongs to a module that target_modules in ${CONFIG_FILE} does not name`, "Add it there");
    const r = patternValue(config.rank_pattern, path, config.r, "rank_pattern");
    const alpha = patternValue(config.alpha_pattern, path, config.lora_alpha, "alpha_pattern");
    const A = await matrix(`${PREFIX}${path}.lora_A.weight`);
    const B = await matrix(`${PREFIX}${path}.lora_B.weight`);
    if (A.shape[0] !== r || B.shape[1] !== r) {
      throw new FormatError(
        where,
        `A is (${A.shape.join(", ")}) and B (${B.shape.join(", ")}), but ${CONFIG_FILE} gives this module rank ${r}`,
        "Correct r or rank_pattern",
      );
    }
    modules.set(path, { r, alpha, scale: scaling(r, alpha, config.use_rslora), A, B });
  }
  if (modules.size === 0) throw new FormatError(WEIGHTS_FILE, "holds no tensors", "Save the adapter again");
  return { config, modules, saved };
}

export interface AdapterSpec {
  baseModel: string;
  revision?: string | null;
  taskType: "CAUSAL_LM" | "SEQ_CLS";
  /** Modules with rank 0 are left out by the caller. A (r, in), B (out, r), row by row. */
  modules: readonly { path: string; r: number; alpha: number; in: number; out: number; A: Float32Array; B: Float32Array }[];
  /** Every linear layer of the base that could be adapted: lets target_modules be short names where no layer of that name is left out. */
  sites?: readonly string[];
  dropout?: number;
  useRslora?: boolean;
  /** Modules of the base that are trained whole, and their tensors by name in the base. */
  saved?: { modules: readonly string[]; tensors: readonly ({ name: string } & SavedTensor)[] };
}

export interface AdapterFiles {
  [CONFIG_FILE]: string;
  [WEIGHTS_FILE]: Uint8Array<ArrayBuffer>;
}

/** The two files, with PEFT's classical keys only (older versions warn about newer ones). Throws FormatError where nothing is adapted or a size is wrong. */
export function writeAdapter(spec: AdapterSpec): AdapterFiles {
  const { modules } = spec;
  if (modules.length === 0) throw new FormatError("adapter", "has no module with a rank above 0", "Give at least one module a rank");
  const names = new Set<string>();
  for (const { path, r, alpha, in: K, out: N, A, B } of modules) {
    const where = `adapter, module ${JSON.stringify(path)}`;
    if (!/^[\w-]+(\.[\w-]+)*$/.test(path)) throw new FormatError(where, "is not a path of names with dots between", "Rename the module");
    if (names.has(path)) throw new FormatError(where, "is given twice", "Give every module once");
    names.add(path);
    if (!Number.isSafeInteger(r) || r <= 0) throw new FormatError(where, `rank ${r} cannot be written`, "Leave out modules with rank 0");
    if (!Number.isFinite(alpha)) throw new FormatError(where, `alpha ${alpha} is not a number`, "Give it an alpha");
    if (A.length !== r * K || B.length !== N * r) {
      throw new FormatError(where, `A has ${A.length} and B ${B.length} numbers, rank ${r} of (${N}, ${K}) takes ${r * K} and ${N * r}`, "Check its rank");
    }
  }
  const widest = modules.reduce((a, b) => (b.r > a.r ? b : a));
  const differing = (field: "r" | "alpha"): Record<string, number> =>
    Object.fromEntries(modules.filter((m) => m[field] !== widest[field]).map((m) => [m.path, m[field]]));
  const config = {
    alpha_pattern: differing("alpha"),
    auto_mapping: null,
    base_model_name_or_path: spec.baseModel,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: null,
    loftq_config: {},
    lora_alpha: widest.alpha,
    lora_dropout: spec.dropout ?? 0,
    megatron_config: null,
    megatron_core: "megatron.core",
    modules_to_save: spec.saved?.modules ?? null,
    peft_type: "LORA",
    r: widest.r,
    rank_pattern: differing("r"),
    revision: spec.revision ?? null,
    target_modules: targets([...names], spec.sites),
    task_type: spec.taskType,
    use_dora: false,
    use_rslora: spec.useRslora ?? false,
  };
  const tensors = modules.flatMap(({ path, r, in: K, out: N, A, B }) => [
    { name: `${PREFIX}${path}.lora_A.weight`, shape: [r, K], data: A },
    { name: `${PREFIX}${path}.lora_B.weight`, shape: [N, r], data: B },
  ]);
  for (const { name, shape, data } of spec.saved?.tensors ?? []) tensors.push({ name: `${PREFIX}${name}`, shape: [...shape], data });
  return { [CONFIG_FILE]: `${JSON.stringify(config, sortedKeys, 2)}\n`, [WEIGHTS_FILE]: writeSafetensors(tensors, { format: "pt" }) };
}

/** Short names where they mean exactly the adapted modules, else full paths. */
function targets(paths: string[], sites: readonly string[] | undefined): string[] {
  const short = [...new Set(paths.map((path) => path.slice(path.lastIndexOf(".") + 1)))];
  const exact = sites?.every((site) => paths.includes(site) || !matchTarget({ target_modules: short }, site));
  return (exact ? short : paths).sort();
}

/** A JSON.stringify replacer: object keys in order. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
