// fisher.channels.wgsl — scratch[b, n] = Σ over the vec4's four channels of (Σ_t (P B)[b, t, channel] · dy[b, t, channel])², unscaled.
// P (B, T, R), dy (B, T, N), b: Bᵀ (r, out) per site → scratch (B, N / 4). One invocation per (b, n). dims: batch (B), tokens (T), columns (N / 4), R, sites,
// site[s] = (r, first column of P, first column of dy / 4, start in b / 4), outs[s] = out / 4.
struct Dims { batch: u32, tokens: u32, columns: u32, ranks: u32, sites: u32, site: array<vec4u, 4>, outs: vec4u }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> P: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read> b: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> scratch: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let own = id.y * groups.x * 64 + id.x;
  if (own >= dims.batch * dims.columns) { return; }
  let n = own % dims.columns;
  scratch[own] = 0;
  for (var s = 0u; s < dims.sites; s++) {
    let site = dims.site[s];
    if (n < site.z || n >= site.z + dims.outs[s]) { continue; }
    let first = own / dims.columns * dims.tokens;
    var total = vec4f();
    for (var t = first; t < first + dims.tokens; t++) {
      var low = vec4f();
      for (var r = 0u; r < site.x; r++) { low += P[t * dims.ranks + site.y + r] * b[site.w + r * dims.outs[s] + n - site.z]; }
      total += low * dy[t * dims.columns + n];
    }
    scratch[own] = dot(total, total);
  }
}
