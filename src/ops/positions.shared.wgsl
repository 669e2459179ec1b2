// positions.shared.wgsl — ids[b] = position + offset. position u32 (1) → ids i32 (B, 1). One invocation per row. dims: rows (B), offset.
struct Dims { rows: u32, offset: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> position: array<u32>;
@group(0) @binding(2) var<storage, read_write> ids: array<i32>;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < dims.rows) { ids[id.x] = i32(position[0] + dims.offset); }
}
