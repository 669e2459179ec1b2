// low-rank-norm.tree.wgsl — y[s] = |scale_s| · √Σ of the site's r² products. One workgroup of 256 per site.
// scratch (Σ r²), scales → y (sites). dims: sites, ranks[s], first[s] (index of the site's products), scaleIndex[s]. cpu variant: low-rank-norm.wgsl.
struct Dims { sites: u32, ranks: vec4u, first: vec4u, scaleIndex: vec4u }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<f32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
var<workgroup> part: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3u) {
  let s = group.x;
  let count = dims.ranks[s] * dims.ranks[s];
  var sum = 0.0;
  for (var i = t; i < count; i += 256u) { sum += scratch[dims.first[s] + i]; }
  part[t] = sum;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (t < half) { part[t] += part[t + half]; }
  }
  if (t == 0u) { y[s] = abs(scales[dims.scaleIndex[s]]) * sqrt(max(part[0], 0.0)); }
}
