// report.ts — rows as a table of plain text, one heading per group.

import type { BenchmarkRow } from "../protocol.ts";

export function report(rows: readonly BenchmarkRow[]): string {
  const shown = rows.map((r) => ({ ...r, figure: `${number(r.value)} ${r.unit}`.trim() }));
  const width = (of: (r: (typeof shown)[number]) => string): number => Math.max(0, ...shown.map((r) => of(r).length));
  const [names, figures] = [width((r) => r.name), width((r) => r.figure)];
  const lines: string[] = [];
  let group = "";
  for (const r of shown) {
    if (r.group !== group) lines.push(...(group ? [""] : []), (group = r.group));
    lines.push(`  ${r.name.padEnd(names)}  ${r.figure.padStart(figures)}  ${r.detail}`.trimEnd());
  }
  return lines.join("\n");
}

/** Three digits that count; whole numbers as they are. */
export const number = (n: number): string =>
  Number.isInteger(n) || Math.abs(n) >= 1000 ? Math.round(n).toLocaleString("en") : String(Number(n.toPrecision(3)));
