// config.ts — reads fields of a Hugging Face config.json, with errors that name the field.

import { ConfigError } from "./model.ts";

type Config = Readonly<Record<string, unknown>>;

const shown = (v: unknown): string => JSON.stringify(v) ?? "missing";

/** A whole number in [1, 2²⁴] that is a multiple of `step`. */
export function whole(config: Config, field: string, { fallback, step = 1, most = 1 << 24 }: { fallback?: number; step?: number; most?: number } = {}): number {
  const v = config[field] ?? fallback;
  if (typeof v !== "number" || !Number.isInteger(v) || v < 1 || v > most)
    throw new ConfigError(`config.json ${field}`, `must be a whole number from 1 to ${most}, it is ${shown(v)}`, "Download config.json again.");
  if (v % step)
    throw new ConfigError(`config.json ${field}`, `is ${v}, no multiple of ${step}`, `Rankscope computes in blocks of ${step}: this model cannot be run here.`);
  return v;
}

export function positive(config: Config, field: string, fallback?: number): number {
  const v = config[field] ?? fallback;
  if (typeof v !== "number" || !Number.isFinite(v) || v <= 0)
    throw new ConfigError(`config.json ${field}`, `must be a positive number, it is ${shown(v)}`, "Download config.json again.");
  return v;
}

export function flag(config: Config, field: string, fallback: boolean): boolean {
  const v = config[field] ?? fallback;
  if (typeof v !== "boolean") throw new ConfigError(`config.json ${field}`, `must be true or false, it is ${shown(v)}`, "Download config.json again.");
  return v;
}

export function oneOf<T extends string>(config: Config, field: string, values: readonly T[], fallback: T): T {
  const v = config[field] ?? fallback;
  if (!values.includes(v as T)) throw new ConfigError(`config.json ${field}`, `is ${shown(v)}`, `Known here: ${values.join(", ")}.`);
  return v as T;
}

/** How many classes a classifier's config.json tells apart: as many as it names, else two. 1: it gives a value. */
export function classesOf(config: Config): number {
  const names = config.id2label;
  const named = typeof names === "object" && names !== null ? Object.keys(names).length : 2;
  return whole(config, "num_labels", { fallback: named, most: 1 << 16 });
}
