// attention-cached.wgsl — o = softmax(s) V over the cached rows 0 … position, by online softmax.
// scores (B, H, rows), cacheV (B, rows, G·D) → o (B, H·D). One invocation per (b, h) and vec4 of the head: its neighbours read one row of V together.
// dims: count (B·H·D/4), rows, heads (H), sharing (H/G), size (D/4).
struct Dims { count: u32, rows: u32, heads: u32, sharing: u32, size: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> cacheV: array<vec4f>;
@group(0) @binding(3) var<storage, read> position: array<u32>;
@group(0) @binding(4) var<storage, read_write> o: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let c = i % dims.size;
  let head = i / dims.size % dims.heads;
  let batch = i / dims.size / dims.heads;
  let kvHeads = dims.heads / dims.sharing;
  let scoresAt = (batch * dims.heads + head) * dims.rows;
  let last = min(position[0], dims.rows - 1);
  var largest = scores[scoresAt];
  var sum = 0.0;
  var y = vec4f();
  for (var row = 0u; row <= last; row++) {
    let s = scores[scoresAt + row];
    let newLargest = max(largest, s);
    let keep = exp(largest - newLargest);
    let p = exp(s - newLargest);
    largest = newLargest;
    sum = sum * keep + p;
    y = y * keep + p * cacheV[((batch * dims.rows + row) * kvHeads + head / dims.sharing) * dims.size + c];
  }
  o[i] = y / sum;
}
