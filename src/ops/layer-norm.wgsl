// layer-norm.wgsl — y = (x − mean) · rstd · w + b, rstd = 1/√(mean((x − mean)²) + eps). x (rows, C), w, b (C) → y (rows, C), stats (rows): mean, rstd.
// Two passes over the row, so that a mean far from 0 costs no digits. Behind rows.*.wgsl. dims: rows, columns (C / 4), eps.
// Backward: layer-norm.backward.wgsl. Ba et al. 2016, https://arxiv.org/abs/1607.06450
struct Dims { rows: u32, columns: u32, eps: f32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read> b: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec2f>;

@compute @workgroup_size(ROWS * LANES)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = rowOf(group.y * groups.x + group.x, t);
  if (row >= dims.rows) { return; }
  let lane = t % LANES;
  let start = row * dims.columns;
  let width = f32(dims.columns * 4);
  var sum = vec4f();
  for (var c = lane; c < dims.columns; c += LANES) { sum += x[start + c]; }
  let mean = total(sum, lane) / width;
  var squares = vec4f();
  for (var c = lane; c < dims.columns; c += LANES) { let v = x[start + c] - mean; squares += v * v; }
  let rstd = 1 / sqrt(total(squares, lane) / width + dims.eps);
  for (var c = lane; c < dims.columns; c += LANES) { y[start + c] = (x[start + c] - mean) * rstd * w[c] + b[c]; }
  if (lane == 0u) { stats[row] = vec2f(mean, rstd); }
}
