// swiglu.backward.wgsl — dg = dy·u·σ·(1 + g·(1 − σ)), du = dy·g·σ. dy (rows, F), gateUp (rows, 2F) → d (rows, 2F) = [dg | du].
// One invocation per vec4 of dy. dims: count (vec4s of dy), columns (F / 4).
struct Dims { count: u32, columns: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> gateUp: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> d: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let row = i / dims.columns;
  let at = i + row * dims.columns;
  let g = gateUp[at];
  let e = exp(-abs(g));
  let sigmoid = select(e, vec4f(1), g >= vec4f()) / (1 + e);
  let rest = select(vec4f(1), e, g >= vec4f()) / (1 + e); // 1 − σ
  d[at] = dy[i] * gateUp[at + dims.columns] * sigmoid * (1 + g * rest);
  d[at + dims.columns] = dy[i] * g * sigmoid;
}
