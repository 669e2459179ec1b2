// embedding.wgsl — y[m] = table[ids[m]], zeros for an id outside the table. ids (M), table (V, C) → y (M, C); one invocation per vec4 of y.
// dims: count (vec4s of y), columns (C / 4), vocabulary (V). Backward: embedding.backward.wgsl.
struct Dims { count: u32, columns: u32, vocabulary: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read> table: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let row = u32(ids[i / dims.columns]);
  if (row < dims.vocabulary) { y[i] = table[row * dims.columns + i % dims.columns]; } else { y[i] = vec4f(); }
}
