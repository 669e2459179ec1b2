// report.ts — the device and its benchmark as plain text: to paste into a message, or to compare the laptops of a room.
import type { BenchmarkRow, DeviceInfo, Preflight } from "../protocol.ts";
import { short } from "./format.ts";
import { text } from "./strings.ts";

export function reportText(device: DeviceInfo, backend: Preflight["backend"] | undefined, rows: readonly BenchmarkRow[], browser: string): string {
  const facts: [string, string][] = [
    [text.devicePage.adapter, device.adapter || text.device.none],
    ...(backend ? [[text.devicePage.chosen, `${text.backends[backend.name] ?? backend.name} · ${backend.why}`] as [string, string]] : []),
    ["Browser", browser],
    ...Object.entries(device.limits).map(([name, value]): [string, string] => [name, String(value)]),
    [text.devicePage.features, device.features.toSorted().join(", ") || text.device.none],
  ];
  return [text.name, ...facts.map(([name, value]) => `${name}: ${value}`), ...table(rows)].join("\n") + "\n";
}

/** Columns padded with spaces, one heading per group. */
function table(rows: readonly BenchmarkRow[]): string[] {
  const cells = rows.map((row) => [row.name, short(row.value), row.unit]);
  const width = (column: number) => Math.max(...cells.map((row) => row[column].length));
  return rows.flatMap((row, i) => [
    ...(row.group === rows[i - 1]?.group ? [] : ["", row.group]),
    `  ${cells[i][0].padEnd(width(0))}  ${cells[i][1].padStart(width(1))} ${cells[i][2].padEnd(width(2))}  ${row.detail}`.trimEnd(),
  ]);
}
