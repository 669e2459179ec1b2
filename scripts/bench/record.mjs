// record.mjs — on what a figure was measured, and where it is written down.
// @ts-check
import { appendFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { root } from "../install.mjs";

/** Processor, cores, and how busy they are with other things. */
export const machine = () => `${cpus()[0]?.model.trim() ?? process.arch}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)} at the end`;

/**
 * Adds a dated section to docs/benchmarks.md.
 * @param {string} title @param {readonly string[]} lines @returns {string} The file's path in the project.
 */
export function appendSection(title, lines) {
  const file = "docs/benchmarks.md";
  appendFileSync(join(root, file), `\n### ${title}, ${new Date().toISOString().slice(0, 10)}\n\n${lines.join("\n")}\n`);
  return file;
}
