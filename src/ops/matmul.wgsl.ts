// matmul.wgsl.ts — assembles the WGSL of the matmul family. Register tiles must be text (private arrays cannot be sized by overrides), shapes never are.
//
//   C[m, n] = s₁ · Σ_k A(m, k) B(k, n)  +  s₂ · Σ_r P(m, r) Q(r, n)  +  bias[n]  +  addend[m, n]  (+ C[m, n])
//
// form nn: A (M, K), B (K, N) · nt: A (M, K), B (N, K) · tn: A (K, M), B (K, N), all row-major. P (M, R), Q (R, N).
// One invocation owns 8 rows × 4 columns in named registers, loads vec4s straight from storage, without workgroup memory or barriers
// (Nussbaum's and jax-js's family). workgroup_id.z picks a problem from the table in Dims: several sites, one launch. Sums in f32.

export type Form = "nn" | "nt" | "tn";

export interface MatmulText {
  form: Form;
  /** A second, low-rank product P·Q. */
  low: boolean;
  /** Which product is multiplied by scales[problem.scale]. */
  scale: "none" | "main" | "low";
  bias: boolean;
  addend: boolean;
}

const ROWS = 8;
export const TILE = { rows: ROWS, columns: 4, workgroup: [8, 8] } as const;

const each = (fn: (i: number) => string): string => Array.from({ length: ROWS }, (_, i) => fn(i)).join("\n");
const lanes = ["x", "y", "z", "w"];

/** acc += A-row · B for four k at once. a, b: array names; ra…: row offsets; the B rows k, k+1, k+2, k+3. */
const nnLoop = (acc: string, a: string, rowAt: string, b: string, bAt: string, ldb: string, depth: string): string => `
  for (var k = 0u; k < ${depth}; k++) {
    let b0 = ${b}[${bAt} + (4u * k) * ${ldb} + column];
    let b1 = ${b}[${bAt} + (4u * k + 1u) * ${ldb} + column];
    let b2 = ${b}[${bAt} + (4u * k + 2u) * ${ldb} + column];
    let b3 = ${b}[${bAt} + (4u * k + 3u) * ${ldb} + column];
${each((i) => `    { let a = ${a}[${rowAt}${i} + k]; ${acc}${i} = fma(vec4f(a.w), b3, fma(vec4f(a.z), b2, fma(vec4f(a.y), b1, fma(vec4f(a.x), b0, ${acc}${i})))); }`)}
  }`;

const ntLoop = (): string => `
  let n0 = at.y + (4u * column) * ld.y;
  for (var k = 0u; k < size.z / 4u; k++) {
    let b0 = b[n0 + k];
    let b1 = b[n0 + ld.y + k];
    let b2 = b[n0 + 2u * ld.y + k];
    let b3 = b[n0 + 3u * ld.y + k];
${each((i) => `    { let a = a[a${i} + k]; c${i} += vec4f(dot(a, b0), dot(a, b1), dot(a, b2), dot(a, b3)); }`)}
  }`;

const tnLoop = (): string => `
  let m0 = row / 4u;
  let m1 = min(m0 + 1u, (size.x - 1u) / 4u);
  for (var k = 0u; k < size.z; k++) {
    let low4 = a[at.x + k * ld.x + m0];
    let high4 = a[at.x + k * ld.x + m1];
    let b = b[at.y + k * ld.y + column];
${each((i) => `    c${i} = fma(vec4f(${i < 4 ? "low4" : "high4"}.${lanes[i % 4]}), b, c${i});`)}
  }`;

export function matmulCode(t: MatmulText): string {
  const arrays = [
    "a",
    "b",
    ...(t.low ? ["p", "q"] : []),
    ...(t.scale !== "none" ? ["scales"] : []),
    ...(t.bias ? ["bias"] : []),
    ...(t.addend ? ["addend"] : []),
  ];
  const bindings = arrays.map((name, i) => `@group(0) @binding(${i + 1}) var<storage, read> ${name}: array<${name === "scales" ? "f32" : "vec4f"}>;`);
  const rowOffsets = (name: string, offset: string, ld: string): string =>
    each((i) => `  let ${name}${i} = ${offset} + min(row + ${i}u, size.x - 1u) * ${ld};`);
  const main = t.form === "nn" ? nnLoop("c", "a", "a", "b", "at.y", "ld.y", "size.z / 4u") : t.form === "nt" ? ntLoop() : tnLoop();
  return `// matmul ${t.form}${t.low ? " + low rank" : ""}: assembled by matmul.wgsl.ts, where the formula stands.
// problems, 4 × vec4u each: (M, N, K, R) · offsets of A, B, C, bias · row lengths of A, B, C, index of the scale · offsets of P, Q, row lengths of P, Q.
// M, N, K, R in elements, offsets and row lengths in vec4s.
struct Dims { problems: array<vec4u, 16>, accumulate: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
${bindings.join("\n")}
@group(0) @binding(${arrays.length + 1}) var<storage, read_write> c: array<vec4f>;

fn put(value: vec4f, scale: f32, row: u32, column: u32, size: vec4u, at: vec4u, ld: vec4u) {
  if (row >= size.x) { return; }
  var v = value${t.scale === "main" ? " * scale" : ""};
  let i = at.z + row * ld.z + column;
${t.bias ? "  v += bias[at.w + column];\n" : ""}${t.addend ? "  v += addend[i];\n" : ""}  if (dims.accumulate != 0u) { v += c[i]; }
  c[i] = v;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let size = dims.problems[4u * id.z];
  let at = dims.problems[4u * id.z + 1u];
  let ld = dims.problems[4u * id.z + 2u];
  let lowAt = dims.problems[4u * id.z + 3u];
  let column = id.x;
  let row = id.y * ${ROWS}u;
  if (4u * column >= size.y || row >= size.x) { return; }
${t.scale === "none" ? "  let scale = 1.0;" : "  let scale = scales[ld.w];"}
${t.form === "tn" ? "" : rowOffsets("a", "at.x", "ld.x")}
${each((i) => `  var c${i} = vec4f();`)}
${main}
${
  t.low
    ? `${rowOffsets("p", "lowAt.x", "lowAt.z")}
${each((i) => `  var l${i} = vec4f();`)}
${nnLoop("l", "p", "p", "q", "lowAt.y", "lowAt.w", "size.w / 4u")}
${each((i) => `  c${i} ${t.scale === "low" ? `= fma(vec4f(scale), l${i}, c${i})` : `+= l${i}`};`)}`
    : ""
}
${each((i) => `  put(c${i}, scale, row + ${i}u, column, size, at, ld);`)}
}
`;
}
