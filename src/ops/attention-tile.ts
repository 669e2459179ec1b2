// attention-tile.ts — register tiles for WGSL. Registers cannot be indexed (an indexed private array is slow memory), so every register of a tile has a
// name, and the text is written once with `$r` for a row of the tile and `$c` for a vec4 of the head.

import { type Kernel, kernel } from "../engine/kernel.ts";
import type { Target } from "../engine/op.ts";

/** A line with `$r` becomes counts.r lines, `$r` being 0, 1, …; `$R` becomes the count itself. Any one-letter name will do. Comment lines are kept. */
export function unroll(code: string, counts: Readonly<Record<string, number>>): string {
  const expand = (line: string): string[] => {
    let lines = [line];
    for (const [name, n] of Object.entries(counts)) {
      lines = lines.map((l) => l.replaceAll(`$${name.toUpperCase()}`, String(n)));
      if (line.includes(`$${name}`)) lines = lines.flatMap((l) => Array.from({ length: n }, (_, i) => l.replaceAll(`$${name}`, String(i))));
    }
    return lines;
  };
  return code
    .split("\n")
    .flatMap((line) => (line.trimStart().startsWith("//") ? [line] : expand(line)))
    .join("\n");
}

/**
 * The same text with `$c` as a loop: a line with `$c` becomes a loop over 0 … C − 1, registers `x_$c` an array `x`. Slower where the compiler does not
 * unroll, but a text whose length does not grow with the head.
 */
export function roll(code: string): string {
  const body = (text: string): string => text.replace(/([\w$]+)_\$c/g, "$1[c]").replaceAll("$c", "c");
  return code.replace(/^( *)([^/\n]*\$c.*)$/gm, (_, indent: string, line: string) => {
    const declared = /^(?:let|var) ([\w$]+)_\$c = /.exec(line);
    const loop = `for (var c = 0u; c < C; c++) { ${body(declared ? line.slice(4) : line)} }`;
    return indent + (declared ? `var ${declared[1]}: array<vec4f, C>; ${loop}` : loop);
  });
}

/** Above this head size loops replace named registers: no tile of such heads stays in registers, and compilers take seconds over its text. */
const LARGEST_UNROLLED = 128;

/**
 * The kernel with the most rows whose loop body, `products` multiply-adds per row and head column, stays short: on a software rasteriser 256
 * multiply-adds (compile time), on a GPU 128 (a tile's registers must not spill). Keyed by rows and head size alone: shapes come through Dims.
 */
export function tile(name: string, text: string, headSize: number, products: number, target: Target): { kernel: Kernel; rows: number } {
  const budget = target.class === "cpu" ? 256 : 128;
  const rows = [4, 2].find((r) => r * headSize * products <= budget) ?? 1;
  return { kernel: kernel(`${name} ${rows}×${headSize}`, unroll(headSize > LARGEST_UNROLLED ? roll(text) : text, { r: rows, c: headSize / 4 })), rows };
}
