// concat.wgsl — copies a range of columns of x to a range of columns of y. One invocation per vec4.
// dims, in vec4s: count (all), width (of the range), source, sourceRow (first column and row length in x), place, placeRow (in y).
struct Dims { count: u32, width: u32, source: u32, sourceRow: u32, place: u32, placeRow: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let row = i / dims.width;
  let n = i % dims.width;
  y[row * dims.placeRow + dims.place + n] = x[row * dims.sourceRow + dims.source + n];
}
