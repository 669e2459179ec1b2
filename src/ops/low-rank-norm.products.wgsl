// low-rank-norm.products.wgsl — scratch[s, i, j] = (A Aᵀ)_ij · (BᵀB)_ij for i ≥ j, twice that for i > j, 0 above the diagonal.
// a (R, K), b: Bᵀ (r, out) per site → scratch (Σ r²). One invocation per (s, i, j).
// dims: columns (K / 4), count (Σ r²), first[s] (index of the site's products), sites[s] = (r, out / 4, first row in a, start in b / 4).
struct Dims { columns: u32, count: u32, first: vec4u, sites: array<vec4u, 4> }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> scratch: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let own = id.y * groups.x * 64 + id.x;
  if (own >= dims.count) { return; }
  var s = 0u;
  while (own - dims.first[s] >= dims.sites[s].x * dims.sites[s].x) { s++; }
  let site = dims.sites[s];
  let i = (own - dims.first[s]) / site.x;
  let j = (own - dims.first[s]) % site.x;
  if (j > i) {
    scratch[own] = 0;
    return;
  }
  var aa = vec4f();
  for (var k = 0u; k < dims.columns; k++) { aa += a[(site.z + i) * dims.columns + k] * a[(site.z + j) * dims.columns + k]; }
  var bb = vec4f();
  for (var o = 0u; o < site.y; o++) { bb += b[site.w + i * site.y + o] * b[site.w + j * site.y + o]; }
  scratch[own] = select(2.0, 1.0, i == j) * dot(aa, vec4f(1)) * dot(bb, vec4f(1));
}
