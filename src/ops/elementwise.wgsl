// elementwise.wgsl — y = f(a, b) per vec4; the expression is put in by elementwise.ts. a, y (count · 4); b the same, or one element (stride 0, read as b.x).
// dims: count (vec4s), stride (1, or 0 for a one-element b).
struct Dims { count: u32, stride: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> first: array<vec4f>;
@group(0) @binding(2) var<storage, read> second: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let a = first[i];
  let b = second[i * dims.stride];
  y[i] = EXPRESSION;
}
