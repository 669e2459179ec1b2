// embedding.backward.links.wgsl — the chain of positions that hold the same id. ids (M) → links (M, 2): [1 if no earlier position holds this id,
// the next position that does, or M]. One invocation per position. dims: positions (M).
struct Dims { positions: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> links: array<vec2u>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let m = id.x;
  if (m >= dims.positions) { return; }
  let own = ids[m];
  var first = 1u;
  for (var j = 0u; j < m; j++) { if (ids[j] == own) { first = 0u; break; } }
  var next = m + 1u;
  while (next < dims.positions && ids[next] != own) { next++; }
  links[m] = vec2u(first, next);
}
