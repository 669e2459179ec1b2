// attention-cached.append.wgsl — the key and value columns of qkv (B, W) become row `position` of cacheK, cacheV (B, rows, G·D), in place.
// One invocation per vec4 of a key row. A position past the last row writes nothing.
// dims: count (B·G·D/4), rows, width (W/4), size (G·D/4).
struct Dims { count: u32, rows: u32, width: u32, size: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> cacheK: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> cacheV: array<vec4f>;
@group(0) @binding(3) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(4) var<storage, read> position: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count || position[0] >= dims.rows) { return; }
  let batch = i / dims.size;
  let column = i % dims.size;
  let at = (batch + 1) * dims.width - 2 * dims.size + column;
  let to = (batch * dims.rows + position[0]) * dims.size + column;
  cacheK[to] = qkv[at];
  cacheV[to] = qkv[at + dims.size];
}
