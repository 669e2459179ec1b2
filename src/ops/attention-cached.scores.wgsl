// attention-cached.scores.wgsl — s = scale·q·k for one new token per batch row and all cached keys 0 … position.
// qkv (B, W), cacheK (B, rows, G·D) → scores (B, H, rows). One invocation per (b, h, row); rows past the position are left as they are.
// dims: count (B·H·rows), rows, width (W/4), heads (H), sharing (H/G), size (D/4), scale.
struct Dims { count: u32, rows: u32, width: u32, heads: u32, sharing: u32, size: u32, scale: f32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> cacheK: array<vec4f>;
@group(0) @binding(3) var<storage, read> position: array<u32>;
@group(0) @binding(4) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let row = i % dims.rows;
  if (i >= dims.count || row > position[0]) { return; }
  let head = i / dims.rows % dims.heads;
  let batch = i / dims.rows / dims.heads;
  let q = batch * dims.width + head * dims.size;
  let k = ((batch * dims.rows + row) * (dims.heads / dims.sharing) + head / dims.sharing) * dims.size;
  var s = 0.0;
  for (var c = 0u; c < dims.size; c++) { s += dot(qkv[q + c], cacheK[k + c]); }
  scores[i] = s * dims.scale;
}
