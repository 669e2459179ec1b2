// fields.ts — the fields of a RunConfig addressed by path ("train.learning_rate"), as the form, the URL and problems name them.
import type { AllocationConfig, Catalogue, RunConfig } from "../protocol.ts";

type Group = "model" | "data" | "train";
export type FieldPath =
  Exclude<keyof RunConfig, Group> | { [G in Group]: `${G}.${keyof RunConfig[G] & string}` }[Group] | `allocation.${keyof AllocationConfig & string}`;
export type FieldValue = string | number | boolean | null | readonly string[] | Readonly<Record<string, unknown>>;

const groups: readonly string[] = ["model", "data", "train"] satisfies Group[];

/** `allocation` is one path: it is null as a whole. */
export function fieldPaths(config: RunConfig): FieldPath[] {
  return Object.entries(config).flatMap(([key, value]) =>
    groups.includes(key) ? Object.keys(value as object).map((inner) => `${key}.${inner}`) : [key],
  ) as FieldPath[];
}

/** undefined inside of an allocation that is null. */
export function getField(config: RunConfig, path: FieldPath): FieldValue {
  let value: unknown = config;
  for (const key of path.split(".")) value = (value as Record<string, unknown> | null)?.[key];
  return value as FieldValue;
}

export function setField(config: RunConfig, path: FieldPath, value: FieldValue): RunConfig {
  const [group, key] = path.split(".");
  if (key === undefined) return { ...config, [group]: value };
  return { ...config, [group]: { ...config[group as Group], [key]: value } };
}

/** What a field is before anybody set it: the first run's value; of an allocation, which the first run does not have, the catalogue's. */
export function usualField({ first, allocation }: Pick<Catalogue, "first" | "allocation">, path: FieldPath): FieldValue {
  return getField(path.startsWith("allocation.") ? { ...first, allocation } : first, path);
}

export const sameField = (a: FieldValue, b: FieldValue): boolean => canonical(a) === canonical(b);

/** JSON with sorted keys: rank_pattern { a, b } and { b, a } differ only where two patterns overlap, which the form never makes. */
function canonical(value: FieldValue): string {
  if (Array.isArray(value)) return JSON.stringify(value.toSorted());
  if (value !== null && typeof value === "object") return JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify(value);
}
