// rms-norm.backward.row.wgsl — dx = rstd · (dy·w − x · rstd² · mean(dy·w·x)) [+ addend]. One invocation per row.
// dy, x, addend (rows, C), w (C), rstd (rows) → dx (rows, C). dims: rows, columns (C / 4), addend (1: add it; 0: its binding is not read).
struct Dims { rows: u32, columns: u32, addend: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> w: array<vec4f>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> addend: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * groups.x * 16 + id.x;
  if (row >= dims.rows) { return; }
  let start = row * dims.columns;
  var products = vec4f();
  for (var c = 0u; c < dims.columns; c++) { products += dy[start + c] * w[c] * x[start + c]; }
  let r = rstd[row];
  let pull = r * r * dot(products, vec4f(1)) / f32(dims.columns * 4);
  for (var c = 0u; c < dims.columns; c++) {
    var d = r * (dy[start + c] * w[c] - x[start + c] * pull);
    if (dims.addend != 0u) { d += addend[start + c]; }
    dx[start + c] = d;
  }
}
