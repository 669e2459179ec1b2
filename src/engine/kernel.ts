// kernel.ts — a WGSL text and what can be read off it. The text is the one source: binding order, access and the
// fields of its `Dims` uniform are found by reading it. Shapes are never in the text: they arrive through Dims.

export interface Kernel {
  readonly name: string;
  readonly code: string;
  /** Access of bindings 1, 2, … */
  readonly access: readonly ("read" | "read_write")[];
  /** Fields of `struct Dims`, in order, with their place in the uniform in 4-byte words. */
  readonly dims: readonly { name: string; type: "u32" | "f32"; word: number; words: number }[];
  readonly dimsWords: number;
}

const kernels = new Map<string, Kernel>();

/** Reads a kernel off its text; the same text gives the same object, so a kernel's identity is its pipeline's key. */
export function kernel(name: string, code: string): Kernel {
  const known = kernels.get(code);
  if (known) return known;
  const access: ("read" | "read_write")[] = [];
  for (const m of code.matchAll(/@binding\((\d+)\)\s*var<storage\s*,\s*(read_write|read)\s*>/g)) access[Number(m[1]) - 1] = m[2] as "read" | "read_write";
  if (access.length === 0 || access.includes(undefined as never)) throw new Error(`kernel "${name}": bindings 1, 2, … must be storage buffers without a gap`);
  const body = /struct\s+Dims\s*\{([^}]*)\}/.exec(code)?.[1] ?? "";
  const dims: Kernel["dims"][number][] = [];
  let word = 0;
  for (const m of body.matchAll(/(\w+)\s*:\s*(?:(u32|f32)|vec4u|vec4<u32>|array<(?:vec4u|vec4<u32>)\s*,\s*(\d+)>)/g)) {
    const vectors = m[2] ? 0 : Number(m[3] ?? 1);
    if (vectors) word = (word + 3) & ~3;
    dims.push({ name: m[1], type: (m[2] as "u32" | "f32") ?? "u32", word, words: vectors * 4 || 1 });
    word += vectors * 4 || 1;
  }
  const made: Kernel = { name, code, access, dims, dimsWords: (word + 3) & ~3 };
  kernels.set(code, made);
  return made;
}

/** Number of workgroups for n threads; a grid wider than 65,535 is folded into y (kernels compute their index with `index1d`). */
export function grid1d(threads: number, workgroup: number): [number, number, number] {
  const groups = Math.max(1, Math.ceil(threads / workgroup));
  if (groups <= 65535) return [groups, 1, 1];
  const y = Math.ceil(groups / 65535);
  return [Math.ceil(groups / y), y, 1];
}
