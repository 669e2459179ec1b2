// pick-token.wgsl — y[b] = x[b, t]: t = 0, or (last) the last token that the mask counts. x (B, T, C), mask (B, T) → y (B, C); one invocation per vec4 of y.
// dims: count (vec4s of y), tokens (T), columns (C / 4), last (0 or 1). Backward: pick-token.backward.wgsl.
struct Dims { count: u32, tokens: u32, columns: u32, last: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let row = i / dims.columns * dims.tokens;
  var t = (dims.tokens - 1) * dims.last;
  while (t > 0 && mask[row + t] == 0) { t--; }
  y[i] = x[(row + t) * dims.columns + i % dims.columns];
}
