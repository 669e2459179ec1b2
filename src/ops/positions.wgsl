// positions.wgsl — ids[b, t] = offset + (tokens the mask counts before t) where the mask counts t, max(offset − 1, 0) where it does not.
// mask i32 (B, T) → ids i32 (B, T). One invocation per row. dims: rows (B), tokens (T), offset.
struct Dims { rows: u32, tokens: u32, offset: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> mask: array<i32>;
@group(0) @binding(2) var<storage, read_write> ids: array<i32>;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= dims.rows) { return; }
  var next = i32(dims.offset);
  for (var i = id.x * dims.tokens; i < (id.x + 1) * dims.tokens; i++) {
    if (mask[i] != 0) { ids[i] = next; next++; } else { ids[i] = max(i32(dims.offset) - 1, 0); }
  }
}
