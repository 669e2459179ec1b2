// swiglu.wgsl — y = g · σ(g) · u. gateUp (rows, 2F) = [g | u] → y (rows, F); one invocation per vec4 of y.
// σ from exp(−|g|) ≤ 1: nothing overflows. dims: count (vec4s of y), columns (F / 4). Backward: swiglu.backward.wgsl.
struct Dims { count: u32, columns: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> gateUp: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let row = i / dims.columns;
  let at = i + row * dims.columns;
  let g = gateUp[at];
  let e = exp(-abs(g));
  let sigmoid = select(e, vec4f(1), g >= vec4f()) / (1 + e);
  y[i] = g * sigmoid * gateUp[at + dims.columns];
}
