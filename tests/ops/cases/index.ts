// All op cases: every `cases` of the files beside this one.

import type { OpCase } from "./op-case.ts";

const files = import.meta.glob<{ cases?: OpCase[] }>("./*.ts", { eager: true });
export const cases: OpCase[] = Object.values(files).flatMap((f) => f.cases ?? []);
