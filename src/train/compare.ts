// compare.ts — a comparison as a file: a base configuration, arms that differ from it, seeds. Here it is read and checked, and each (arm, seed) made a
// configuration of its own. What may differ between arms is how they train, never what they are measured on.

import { isObject } from "../formats/source.ts";
import { ConfigError } from "../models/model.ts";
import type { RunConfig } from "../protocol.ts";
import type { Arm, ArmRun, Comparison, Overrides } from "../protocol/comparison.ts";
import { parseConfig } from "./config.ts";
import { fields } from "./fields.ts";

const ARMS = 24;
const SEEDS = 100;

/** Fields that all arms share: what is learned, in which order, and what it is measured on. */
export const SHARED = ["model", "data", "backend", "train.seed", "train.eval_every", "train.eval_rows"];

type Json = Record<string, unknown>;

/** Throws ConfigError naming the place: `arms[2].config, train.steps`. */
export function parseComparison(json: unknown): Comparison {
  if (!isObject(json)) throw new ConfigError("comparison", "is no JSON object", "See examples/compare-small.json.");
  known(json, ["base", "arms", "seeds", "test"], "");
  const { base = {}, arms, seeds, test = null } = json;
  if (!isObject(base)) throw new ConfigError("base", "must be an object of configuration fields", "See examples/first-run.json.");
  within("base", () => parseConfig(base));
  if (!Array.isArray(arms) || !arms.length || arms.length > ARMS) throw new ConfigError("arms", `must be a list of 1 to ${ARMS} arms`, 'An arm is { "name", "config" }.'); // prettier-ignore
  const parsed = arms.map((arm, i) => parseArm(arm, `arms[${i}]`, base));
  if (parsed.every((a) => a.reference)) throw new ConfigError("arms", "are references all of them", "One must be the arm that others are compared with.");
  const names = new Map<string, string>();
  for (const { name } of parsed) {
    const twin = names.get(slug(name));
    if (twin !== undefined) throw new ConfigError("arms", `"${name}" and "${twin}" would have the same file name`, "Name them apart.");
    names.set(slug(name), name);
  }
  checkSeeds(seeds);
  if (test !== null && !(typeof test === "string" && /^(file|bundled):./.test(test)))
    throw new ConfigError(
      "test",
      `must be file:PATH or bundled:NAME, it is ${JSON.stringify(test)?.slice(0, 80)}`,
      "Leave it out to compare on the held-out rows.",
    );
  return { base, arms: parsed, seeds, test };
}

function checkSeeds(seeds: unknown): asserts seeds is number[] {
  const whole = (s: unknown): boolean => typeof s === "number" && Number.isInteger(s) && s >= 0 && s < 2 ** 32;
  if (!Array.isArray(seeds) || !seeds.length || seeds.length > SEEDS || !seeds.every(whole))
    throw new ConfigError("seeds", `must be a list of 1 to ${SEEDS} whole numbers from 0 on`, "Five or more give an interval.");
  if (new Set(seeds).size < seeds.length) throw new ConfigError("seeds", "names one twice", "The same seed gives the same run.");
}

function parseArm(json: unknown, at: string, base: Overrides): Arm {
  if (!isObject(json)) throw new ConfigError(at, "must be an object", 'Write { "name": "uniform", "config": { "r": 2 } }.');
  known(json, ["name", "config", "reference"], `${at}.`);
  const { name, config = {}, reference = false } = json;
  if (typeof name !== "string" || !slug(name) || name.length > 60) throw new ConfigError(`${at}.name`, "must be a text of 1 to 60 characters, with a letter or a digit", "It stands in the table."); // prettier-ignore
  if (!isObject(config)) throw new ConfigError(`${at}.config`, "must be an object of configuration fields", "Only those that differ from base.");
  if (typeof reference !== "boolean") throw new ConfigError(`${at}.reference`, "must be true or false", "A reference stands outside the comparison.");
  for (const path of SHARED)
    if (path.split(".").reduce<unknown>((o, key) => (isObject(o) ? o[key] : undefined), config) !== undefined)
      throw new ConfigError(`${at}.config, ${path}`, "is the same for all arms", "Set it in base.");
  within(`${at}.config`, () => parseConfig(merged(base, config)));
  return { name, config, reference };
}

function known(json: Json, names: readonly string[], at: string): void {
  for (const key of Object.keys(json))
    if (!names.includes(key)) throw new ConfigError(at + key, "is not a field of a comparison", `Known here: ${names.join(", ")}.`);
}

function within(at: string, fn: () => unknown): void {
  try {
    fn();
  } catch (e) {
    if (e instanceof ConfigError) throw new ConfigError(`${at}, ${e.where}`, e.message.slice(e.where.length + 2, -e.hint.length - 2), e.hint);
    throw e;
  }
}

/** Field by field; what is one field (a budget, a list, ranks by module) is replaced as a whole. */
export function merged(base: Overrides, over: Overrides, at = ""): Json {
  const out: Json = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const path = at + key;
    const both = isObject(value) && isObject(out[key]) && !(path in fields);
    out[key] = both ? merged(out[key] as Json, value, `${path}.`) : value;
  }
  return out;
}

/** A name as part of a file name: "dynamic grad-norm" → "dynamic-grad-norm". */
export const slug = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, ""); // prettier-ignore

/** The arm that the others are measured against. */
export const baselineOf = ({ arms }: Comparison): Arm => arms.find((a) => !a.reference)!;

/** What is run for an arm and a seed. Answers to prompts are not asked for. */
export function configOf({ base }: Comparison, arm: Arm, seed: number): RunConfig {
  const config = parseConfig(merged(base, arm.config));
  return { ...config, train: { ...config.train, seed, samples_every: 0 } };
}

/** Every (arm, seed), seeds first: all arms have one seed before any has the next. */
export const queueOf = ({ arms, seeds }: Comparison): { arm: Arm; seed: number }[] => seeds.flatMap((seed) => arms.map((arm) => ({ arm, seed })));

/** The run is one of this comparison as it is now: nothing that its result hangs on has changed. Where it computed does not count. */
export function isRunOf(comparison: Comparison, { arm, seed, config, test }: Pick<ArmRun, "arm" | "seed" | "config" | "test">): boolean {
  const now = comparison.arms.find((a) => a.name === arm);
  if (!now || test !== comparison.test) return false;
  try {
    return essence(parseConfig(config)) === essence(configOf(comparison, now, seed));
  } catch {
    return false; // of another version
  }
}

/** Fields that change nothing of what a run comes to. */
export const BESIDE = ["backend", "checkpoint_seconds"];

/** Everything else, in one order. */
const essence = (config: RunConfig): string =>
  JSON.stringify(config, (_, value: unknown) => {
    if (!isObject(value)) return value;
    const counted = Object.entries(value).filter(([key]) => !BESIDE.includes(key));
    return Object.fromEntries(counted.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
