// rms-norm.backward.wgsl — dx = rstd · (dy·w − x · rstd² · mean(dy·w·x)) [+ addend]. Behind rows.*.wgsl.
// dy, x, addend (rows, C), w (C), rstd (rows) → dx (rows, C). dims: rows, columns (C / 4), addend (1: add it; 0: its binding is not read).
struct Dims { rows: u32, columns: u32, addend: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> w: array<vec4f>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read> addend: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(ROWS * LANES)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = rowOf(group.y * groups.x + group.x, t);
  if (row >= dims.rows) { return; }
  let lane = t % LANES;
  let start = row * dims.columns;
  var products = vec4f();
  for (var c = lane; c < dims.columns; c += LANES) { products += dy[start + c] * w[c] * x[start + c]; }
  let r = rstd[row];
  let pull = r * r * total(products, lane) / f32(dims.columns * 4);
  for (var c = lane; c < dims.columns; c += LANES) {
    var d = r * (dy[start + c] * w[c] - x[start + c] * pull);
    if (dims.addend != 0u) { d += addend[start + c]; }
    dx[start + c] = d;
  }
}
