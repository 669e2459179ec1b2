// peft-config.ts — LoRA's adapter_config.json: which modules are adapted, with what rank and scale, as PEFT 0.21 decides it.

import { FormatError } from "./error.ts";
import { pythonRegex } from "./python-regex.ts";
import { isObject } from "./source.ts";

export const CONFIG_FILE = "adapter_config.json";

/** The fields that decide whether a module is adapted. */
export interface TargetRule {
  /** A list of names or paths; or one string: a regular expression over the whole path, or "all-linear". */
  readonly target_modules: string | readonly string[];
  readonly exclude_modules?: string | readonly string[] | null;
  readonly modules_to_save?: readonly string[] | null;
  readonly layers_to_transform?: number | readonly number[] | null;
  readonly layers_pattern?: string | readonly string[] | null;
}

export interface LoraConfig extends TargetRule {
  readonly base_model_name_or_path: string | null;
  readonly revision: string | null;
  readonly task_type: string | null;
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly use_rslora: boolean;
  readonly fan_in_fan_out: boolean;
  readonly rank_pattern: Readonly<Record<string, number>>;
  readonly alpha_pattern: Readonly<Record<string, number>>;
}

/**
 * Whether PEFT adapts the linear layer at `path` (inside the base model). "all-linear" is true for every path: ask it only about linear
 * layers other than the output head. Throws FormatError for a pattern that cannot be read.
 */
export function matchTarget(config: TargetRule, path: string): boolean {
  const { target_modules: targets, exclude_modules: exclude, modules_to_save: saved } = config;
  if (exclude && (typeof exclude === "string" ? pythonRegex(exclude, "exclude_modules").fullmatch(path) : named(exclude, path))) return false;
  if (saved?.some((name) => pythonRegex(`(^|.*\\.)${name}($|\\..*)`, "modules_to_save").match(path))) return false;
  if (typeof targets === "string") return targets.toLowerCase() === "all-linear" || pythonRegex(targets, "target_modules").fullmatch(path);
  if (targets.includes(path)) return true;
  return named(targets, path) && inLayers(config, path);
}

const named = (names: readonly string[], path: string): boolean => names.some((name) => path === name || path.endsWith(`.${name}`));

/** layers_to_transform: the first number in the path that follows a layers_pattern (any name, when there is none). */
function inLayers({ layers_to_transform: layers, layers_pattern: patterns }: TargetRule, path: string): boolean {
  if (layers === null || layers === undefined || (typeof layers === "object" && layers.length === 0)) return true;
  const list = patterns === null || patterns === undefined || patterns.length === 0 ? undefined : typeof patterns === "string" ? [patterns] : patterns;
  const before = list ? list.map((pattern) => `(?:^|.*?\\.)${pattern}\\.`) : [".*?\\.[^.]*\\."];
  for (const pattern of before) {
    for (const end of pythonRegex(pattern, "layers_pattern").ends(path)) {
      const index = /^\d+(?=\.)/.exec(path.slice(end));
      if (index) return typeof layers === "number" ? Number(index[0]) === layers : layers.includes(Number(index[0]));
    }
  }
  return false;
}

/** The value of rank_pattern or alpha_pattern for a module: the first key that matches the end of its path, else `fallback`. Throws FormatError. */
export function patternValue(pattern: Readonly<Record<string, number>>, path: string, fallback: number, field = "rank_pattern"): number {
  for (const [key, value] of Object.entries(pattern)) {
    if (pythonRegex(`(.*\\.)?(${key})$`, `${field} ${JSON.stringify(key)}`).match(path)) return value;
  }
  return Object.hasOwn(pattern, path) ? pattern[path] : fallback;
}

/** The factor before B·A: α/r, or α/√r for rank-stabilised LoRA. */
export function scaling(r: number, alpha: number, rslora = false): number {
  return alpha / (rslora ? Math.sqrt(r) : r);
}

/** Features that change what the adapter computes or which tensors it has: false, null or empty is all that is read here. */
const PLAIN_ONLY = [
  "use_dora",
  "use_qalora",
  "use_bdlora",
  "lora_bias",
  "layer_replication",
  "megatron_config",
  "target_parameters",
  "trainable_token_indices",
  "alora_invocation_tokens",
  "arrow_config",
  "kasa_config",
  "velora_config",
  "monteclora_config",
];

/** Checks a parsed adapter_config.json and fills in PEFT's defaults. Throws FormatError naming the field. */
export function parseLoraConfig(json: Readonly<Record<string, unknown>>, file = CONFIG_FILE): LoraConfig {
  const fail = (field: string, what: string, hint = `Correct ${field} in ${file}`): never => {
    throw new FormatError(`${file}, ${field}`, what, hint);
  };
  const read = <T>(field: string, fallback: T, ok: (value: unknown) => boolean, what: string): T => {
    const value = json[field] ?? fallback;
    return value === fallback || ok(value) ? (value as T) : fail(field, `${JSON.stringify(value)} is not ${what}`);
  };
  const isPositiveInteger = (v: unknown): boolean => Number.isSafeInteger(v) && (v as number) > 0;
  const isText = (v: unknown): boolean => typeof v === "string";
  const isFlag = (v: unknown): boolean => typeof v === "boolean";
  const isNames = (v: unknown): boolean => isText(v) || (Array.isArray(v) && v.every(isText));
  const isLayers = (v: unknown): boolean => Number.isSafeInteger(v) || (Array.isArray(v) && v.every(Number.isSafeInteger));
  const isPattern = (ok: (v: unknown) => boolean) => (v: unknown) => isObject(v) && Object.values(v).every(ok);

  if (json.peft_type !== "LORA") fail("peft_type", `${JSON.stringify(json.peft_type)} is not "LORA"`, "Only LoRA adapters are read");
  for (const field of PLAIN_ONLY) {
    const value = json[field];
    const empty = value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0);
    if (!empty)
      fail(field, `${JSON.stringify(value).slice(0, 80)} is not supported`, "Only plain LoRA is read: merge this adapter with PEFT and open the merged model");
  }
  if ((json.bias ?? "none") !== "none") fail("bias", `${JSON.stringify(json.bias)} is not supported`, 'Only bias "none" is read');
  if (json.target_modules === undefined || json.target_modules === null) fail("target_modules", "is missing");
  const config: LoraConfig = {
    base_model_name_or_path: read("base_model_name_or_path", null, isText, "a text"),
    revision: read("revision", null, isText, "a text"),
    task_type: read("task_type", null, isText, "a text"),
    r: read("r", 8, isPositiveInteger, "a rank: a whole number above 0"),
    lora_alpha: read("lora_alpha", 8, Number.isFinite, "a number"),
    lora_dropout: read("lora_dropout", 0, (v) => typeof v === "number" && v >= 0 && v < 1, "a number from 0 up to 1"),
    use_rslora: read("use_rslora", false, isFlag, "true or false"),
    fan_in_fan_out: read("fan_in_fan_out", false, isFlag, "true or false"),
    rank_pattern: read("rank_pattern", {}, isPattern(isPositiveInteger), "a map of patterns to ranks above 0"),
    alpha_pattern: read("alpha_pattern", {}, isPattern(Number.isFinite), "a map of patterns to numbers"),
    target_modules: read<string | string[]>("target_modules", [], isNames, "a text or a list of texts"),
    exclude_modules: read("exclude_modules", null, isNames, "a text or a list of texts"),
    modules_to_save: read<string[] | null>("modules_to_save", null, (v) => Array.isArray(v) && v.every(isText), "a list of names"),
    layers_to_transform: read("layers_to_transform", null, isLayers, "a layer number or a list of them"),
    layers_pattern: read("layers_pattern", null, isNames, "a text or a list of texts"),
  };
  if (typeof config.target_modules === "string" && config.layers_to_transform !== null) {
    fail("layers_to_transform", "cannot be used when target_modules is a text", "List the module names in target_modules");
  }
  return config;
}
