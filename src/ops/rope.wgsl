// rope.wgsl — y1 = x1·cos − x2·sin, y2 = x2·cos + x1·sin on the query and key heads of qkv (M, W), in place; x1, x2: halves of a head.
// table (positions, D): cos in the first D/2 columns, sin in the last. M = B·T. One invocation per pair of x1 and x2 in two neighbouring columns.
// dims: count (invocations), tokens (T), width (W/2), heads (H + G), pairs (D/4), sign (−1 turns back).
struct Dims { count: u32, tokens: u32, width: u32, heads: u32, pairs: u32, sign: f32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> qkv: array<vec2f>;
@group(0) @binding(2) var<storage, read> table: array<vec2f>;
@group(0) @binding(3) var<storage, read> position: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let pair = i % dims.pairs;
  let row = i / dims.pairs / dims.heads;
  let at = row * dims.width + i / dims.pairs % dims.heads * 2 * dims.pairs + pair;
  let angle = (position[0] + row % dims.tokens) * 2 * dims.pairs + pair;
  let c = table[angle];
  let s = table[angle + dims.pairs] * dims.sign;
  let x1 = qkv[at];
  let x2 = qkv[at + dims.pairs];
  qkv[at] = x1 * c - x2 * s;
  qkv[at + dims.pairs] = x2 * c + x1 * s;
}
