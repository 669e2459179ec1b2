// low-rank-norm.wgsl — y[s] = |scale_s| · √Σ of the site's r² products. One invocation per site: no barrier, for software rasterisers.
// scratch (Σ r²), scales → y (sites). dims: sites, ranks[s], first[s] (index of the site's products), scaleIndex[s]. gpu variant: low-rank-norm.tree.wgsl.
struct Dims { sites: u32, ranks: vec4u, first: vec4u, scaleIndex: vec4u }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<f32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let s = id.x;
  if (s >= dims.sites) { return; }
  let r = dims.ranks[s];
  var sum = 0.0;
  for (var i = 0u; i < r; i++) {
    var row = 0.0;
    for (var j = 0u; j <= i; j++) { row += scratch[dims.first[s] + i * r + j]; }
    sum += row;
  }
  y[s] = abs(scales[dims.scaleIndex[s]]) * sqrt(max(sum, 0.0));
}
