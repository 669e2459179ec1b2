// column-sum.wgsl — y[n] = Σ_m x[m, n] (+ y[n]). x (rows, columns · 4); one invocation per vec4 of columns. Sums in f32.
// dims: rows, columns (vec4s), accumulate (0 or 1).
struct Dims { rows: u32, columns: u32, accumulate: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let n = id.y * groups.x * 64 + id.x;
  if (n >= dims.columns) { return; }
  var sum = vec4f();
  for (var m = 0u; m < dims.rows; m++) { sum += x[m * dims.columns + n]; }
  if (dims.accumulate != 0u) { sum += y[n]; }
  y[n] = sum;
}
