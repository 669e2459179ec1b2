// described.ts — an arm's fields in words: the title of each field from the catalogue, and its value.
import type { Overrides } from "../../protocol.ts";
import { useStudio } from "../context.ts";

/** Groups of a configuration, whose fields have titles of their own; anything else is a value. */
const isGroup = (value: unknown): value is Overrides => typeof value === "object" && value !== null && !Array.isArray(value);

export function useDescribed(fields: Overrides): string[] {
  const titles = useStudio((state) => state.catalogue.fields);
  const walk = (o: Overrides, at: string): string[] =>
    Object.entries(o).flatMap(([key, value]) => {
      const path = at + key;
      if (value === undefined) return [];
      const field = titles[path];
      if (field) return [`${field.title.toLowerCase()} ${spelled(value)}`];
      return isGroup(value) ? walk(value, `${path}.`) : [`${key} ${spelled(value)}`];
    });
  return walk(fields, "");
}

function spelled(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  if (value === null) return "none";
  if (isGroup(value)) return Object.entries(value).map(([key, v]) => `${String(v)} ${key}`).join(", "); // prettier-ignore
  return String(value);
}
