// embedding.backward.wgsl — dTable[v] = [dTable[v] +] Σ_{m: ids[m] = v} dy[m], in order of m. Rows whose id does not occur are not touched.
// dy (M, C), ids (M), links (M, 2) of embedding.backward.links.wgsl → dTable (V, C). One invocation per position and vec4; the first of an id works.
// dims: positions (M), columns (C / 4), vocabulary (V), accumulate (1: +=).
struct Dims { positions: u32, columns: u32, vocabulary: u32, accumulate: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> ids: array<i32>;
@group(0) @binding(3) var<storage, read> links: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> dTable: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  let first = i / dims.columns;
  if (first >= dims.positions || links[first].x == 0u) { return; }
  let row = u32(ids[first]);
  if (row >= dims.vocabulary) { return; }
  let c = i % dims.columns;
  var sum = vec4f();
  for (var m = first; m < dims.positions; m = max(m + 1, links[m].y)) { sum += dy[m * dims.columns + c]; }
  let at = row * dims.columns + c;
  if (dims.accumulate != 0u) { sum += dTable[at]; }
  dTable[at] = sum;
}
