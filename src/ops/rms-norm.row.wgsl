// rms-norm.row.wgsl — y = x · rstd · w, rstd = 1/√(mean(x²) + eps). One invocation per row: no barrier, for software rasterisers.
// x (rows, C), w (C) → y (rows, C), rstd (rows). dims: rows, columns (C / 4), eps. Backward: rms-norm.backward.row.wgsl.
struct Dims { rows: u32, columns: u32, eps: f32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * groups.x * 16 + id.x;
  if (row >= dims.rows) { return; }
  let start = row * dims.columns;
  var squares = vec4f();
  for (var c = 0u; c < dims.columns; c++) { let v = x[start + c]; squares += v * v; }
  let r = 1.0 / sqrt(dot(squares, vec4f(1)) / f32(dims.columns * 4) + dims.eps);
  for (var c = 0u; c < dims.columns; c++) { y[start + c] = x[start + c] * r * w[c]; }
  rstd[row] = r;
}
