// Files of a golden case, by name relative to its folder.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { CaseFiles } from "../../src/train/golden.ts";

const root = join(import.meta.dirname, "../golden/cases");

export function caseFiles(name: string): CaseFiles {
  const folder = join(root, name);
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
  return new Map(names.map((f) => [join(f.parentPath, f.name).slice(folder.length + 1), readFileSync(join(f.parentPath, f.name))]));
}
