// rms-norm.wgsl — y = x · rstd · w, rstd = 1/√(mean(x²) + eps). x (rows, C), w (C) → y (rows, C), rstd (rows). Behind rows.*.wgsl.
// dims: rows, columns (C / 4), eps. Backward: rms-norm.backward.wgsl.
struct Dims { rows: u32, columns: u32, eps: f32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(ROWS * LANES)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = rowOf(group.y * groups.x + group.x, t);
  if (row >= dims.rows) { return; }
  let lane = t % LANES;
  let start = row * dims.columns;
  var squares = vec4f();
  for (var c = lane; c < dims.columns; c += LANES) { let v = x[start + c]; squares += v * v; }
  let r = 1 / sqrt(total(squares, lane) / f32(dims.columns * 4) + dims.eps);
  for (var c = lane; c < dims.columns; c += LANES) { y[start + c] = x[start + c] * r * w[c]; }
  if (lane == 0u) { rstd[row] = r; }
}
