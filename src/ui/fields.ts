// fields.ts — the fields of a RunConfig addressed by path ("train.learning_rate"), as the form, the URL and problems name them.
import type { RunConfig } from "../protocol.ts";

type Group = "model" | "data" | "train";
export type FieldPath = Exclude<keyof RunConfig, Group> | { [G in Group]: `${G}.${keyof RunConfig[G] & string}` }[Group];
export type FieldValue = string | number | boolean | null | readonly string[] | Readonly<Record<string, unknown>>;

const groups: readonly string[] = ["model", "data", "train"] satisfies Group[];

export function fieldPaths(config: RunConfig): FieldPath[] {
  return Object.entries(config).flatMap(([key, value]) =>
    groups.includes(key) ? Object.keys(value as object).map((inner) => `${key}.${inner}`) : [key],
  ) as FieldPath[];
}

export function getField(config: RunConfig, path: FieldPath): FieldValue {
  let value: unknown = config;
  for (const key of path.split(".")) value = (value as Record<string, unknown>)[key];
  return value as FieldValue;
}

export function setField(config: RunConfig, path: FieldPath, value: FieldValue): RunConfig {
  const [group, key] = path.split(".");
  if (key === undefined) return { ...config, [group]: value };
  return { ...config, [group]: { ...config[group as Group], [key]: value } };
}

export const sameField = (a: FieldValue, b: FieldValue): boolean => canonical(a) === canonical(b);

/** JSON with sorted keys: rank_pattern { a, b } and { b, a } differ only where two patterns overlap, which the form never makes. */
function canonical(value: FieldValue): string {
  if (Array.isArray(value)) return JSON.stringify(value.toSorted());
  if (value !== null && typeof value === "object") return JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify(value);
}
