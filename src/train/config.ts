// config.ts — one JSON object is the form, the URL, the file and the command line's input. Unknown or wrong fields are errors that name the field.

import first from "../../examples/first-run.json" with { type: "json" };
import { allocators, type AllocatorName } from "../allocators/index.ts";
import { ConfigError } from "../models/model.ts";
import type { AllocationConfig, RunConfig } from "../protocol.ts";
import { type Field, fields } from "./fields.ts";

/** What the page's first run does: the defaults of every field. */
export const firstRun = first as RunConfig;

/** What an allocation is where its fields are left out. */
export const firstAllocation: AllocationConfig = {
  proxy: "grad-norm",
  allocator: "top-k",
  budget: { share: 0.25 },
  when: "static",
  realloc_N: 0.2,
  batches: 32,
  B: "auto",
  min_rank: 0,
  max_rank: null,
  rank_step: 1,
  locked: [],
  excluded: [],
  ranks: {},
  first_epochs_random: 0,
  stop_after: 1,
  shortcuts: "off",
  shortcut_r: 8,
  shortcut_alpha: 4,
  shortcut_form: "plain",
};

type Json = Record<string, unknown>;
const isObject = (v: unknown): v is Json => typeof v === "object" && v !== null && !Array.isArray(v);
const isGroup = (path: string): boolean => !(path in fields) && Object.keys(fields).some((f) => f.startsWith(`${path}.`));

/** A comparison's file, or the results of one: no configuration, but easily taken for one. */
export const isComparison = (json: object): boolean => ("arms" in json && Array.isArray(json.arms)) || ("comparison" in json && isObject(json.comparison));

/** Fields that are missing take the first run's values. Throws ConfigError. */
export function parseConfig(json: unknown): RunConfig {
  if (!isObject(json)) throw new ConfigError("configuration", "is no JSON object", "See examples/first-run.json.");
  if (isComparison(json)) throw new ConfigError("configuration", "is a comparison", "The Compare page opens it, and the command compare.");
  const config = read(json, firstRun as unknown as Json, "", refuse) as unknown as RunConfig;
  if (config.allocation) checkAllocation(config.allocation);
  return config;
}

/** Settings of another version, or a stranger's, to be shown: what is wrong is as in the first run, what is not known stays. */
export const readable = (json: object): RunConfig => read(json as Json, firstRun as unknown as Json, "", () => {}) as unknown as RunConfig;

const refuse = (e: ConfigError): never => {
  throw e;
};

function checkAllocation({ allocator, when, min_rank, max_rank }: AllocationConfig): void {
  if (when === "dynamic" && !allocators[allocator as AllocatorName].onOff)
    throw new ConfigError("allocation.allocator", `"${allocator}" gives ranks; while training, modules are turned on and off only`, 'Take "top-k", or allocate once: when "static".'); // prettier-ignore
  if (max_rank !== null && max_rank < min_rank) throw new ConfigError("allocation.max_rank", `${max_rank} is below min_rank ${min_rank}`, "Raise it.");
}

/** wrong: is told of every field that is; where it does not throw, the default stands for it. */
function read(given: Json, defaults: Json, at: string, wrong: (e: ConfigError) => void): Json {
  const unknown = Object.entries(given).filter(([key]) => !Object.hasOwn(defaults, key));
  for (const [key] of unknown) wrong(new ConfigError(at + key, "is not a field of a configuration", `Known here: ${Object.keys(defaults).join(", ")}.`));
  const known = Object.entries(defaults).map(([key, fallback]) => {
    const path = at + key;
    const value = Object.hasOwn(given, key) ? given[key] : fallback;
    if (isGroup(path)) {
      const inside = path === "allocation" ? firstAllocation : fallback;
      if (value === null && inside !== fallback) return [key, null];
      if (isObject(value)) return [key, read(value, inside as Json, `${path}.`, wrong)];
      wrong(new ConfigError(path, "must be an object", "See examples/first-run.json."));
      return [key, fallback];
    }
    const mistake = mistakeIn(path, value, fields[path]);
    if (mistake) wrong(mistake);
    return [key, mistake ? fallback : value];
  });
  return Object.fromEntries([...known, ...unknown]) as Json;
}

function mistakeIn(path: string, value: unknown, f: Field): ConfigError | null {
  const wrong = (must: string): ConfigError => new ConfigError(path, `must be ${must}, it is ${JSON.stringify(value)?.slice(0, 80)}`, f.help);
  if (value === null && f.nullable) return null;
  if (f.kind === "number") {
    if (typeof value !== "number" || !Number.isFinite(value) || (f.integer && !Number.isInteger(value)) || value < f.min! || value > f.max!)
      return wrong(`a ${f.integer ? "whole " : ""}number from ${f.min} to ${f.max}${f.nullable ? " or null" : ""}`);
  } else if (f.kind === "text" || f.kind === "choice") {
    if (typeof value !== "string" || !value || value.length > (f.max ?? 4096)) return wrong(`a text of at most ${f.max ?? 4096} characters`);
    if (f.choices && !f.choices.includes(value)) return wrong(`one of ${f.choices.join(", ")}`);
  } else if (f.kind === "flag") {
    if (typeof value !== "boolean") return wrong("true or false");
  } else if (f.kind === "list") {
    if (!Array.isArray(value) || value.length > 10_000 || !value.every((v) => typeof v === "string" && v)) return wrong("a list of texts");
  } else if (f.kind === "columns") {
    const named = isObject(value) && Object.entries(value).every(([key, v]) => f.choices!.includes(key) && typeof v === "string" && v);
    if (!named) return wrong(`an object of ${f.choices!.join(", ")} → the column's name`);
  } else if (f.kind === "budget") {
    const [[unit, amount] = ["", 0], ...more] = isObject(value) ? Object.entries(value) : [];
    const whole = unit === "modules" || unit === "parameters";
    const fits = typeof amount === "number" && (whole ? Number.isSafeInteger(amount) && amount >= 1 : unit === "share" && amount > 0 && amount <= 1);
    if (more.length || !fits) return wrong("{ modules: 1 or more }, { parameters: 1 or more } or { share: above 0, at most 1 }");
  } else if (
    !isObject(value) ||
    Object.keys(value).length > 10_000 ||
    !Object.values(value).every((v) => typeof v === "number" && Number.isFinite(v) && (v > 0 || (v === 0 && f.zero)))
  ) {
    return wrong(`an object of module → number ${f.zero ? "of 0 or more" : "above 0"}`);
  }
  return null;
}
