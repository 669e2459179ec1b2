// fill.wgsl — y = value for every element. y (count · 4), whole vec4s; one invocation per vec4. dims: count (vec4s), value.
struct Dims { count: u32, value: f32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i < dims.count) { y[i] = vec4f(dims.value); }
}
