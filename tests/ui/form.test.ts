// No field of the configuration is out of the form's reach.
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fieldPaths } from "../../src/ui/fields.ts";
import { catalogue, first } from "./fixture.ts";

/** One choice only, set through the map of ranks, or by a link and a file alone. */
const elsewhere = ["model.dtype", "rank_pattern", "alpha_pattern", "allocation.ranks"];

test("every field has a control", () => {
  const folder = new URL("../../src/ui/panels/", import.meta.url);
  const form = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), "utf8"));
  const paths = [...fieldPaths(first), ...Object.keys(catalogue.allocation).map((key) => `allocation.${key}`)];
  const missing = paths.filter((path) => !elsewhere.includes(path) && !form.some((source) => source.includes(`"${path}"`)));
  expect(missing).toEqual([]);
});
