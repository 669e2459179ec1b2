// rms-norm.tree.wgsl — y = x · rstd · w, rstd = 1/√(mean(x²) + eps). One workgroup of 64 per row; partial sums meet in workgroup memory.
// x (rows, C), w (C) → y (rows, C), rstd (rows). dims: rows, columns (C / 4), eps. Backward: rms-norm.backward.tree.wgsl.
struct Dims { rows: u32, columns: u32, eps: f32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = group.y * groups.x + group.x;
  if (row >= dims.rows) { return; }
  let start = row * dims.columns;
  var squares = vec4f();
  for (var c = t; c < dims.columns; c += 64u) { let v = x[start + c]; squares += v * v; }
  part[t] = dot(squares, vec4f(1));
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (t < half) { part[t] += part[t + half]; }
  }
  workgroupBarrier();
  let r = 1.0 / sqrt(part[0] / f32(dims.columns * 4) + dims.eps);
  for (var c = t; c < dims.columns; c += 64u) { y[start + c] = x[start + c] * r * w[c]; }
  if (t == 0u) { rstd[row] = r; }
}
