// fisher.tree.wgsl — y[s] = scale_s² / 2B · Σ of the site's columns of scratch over all rows. One workgroup of 64 per site.
// scratch (B, N / 4), scales → y (sites). dims: batch (B), columns (N / 4), sites, first[s], outs[s] (in vec4s), scaleIndex[s]. cpu variant: fisher.wgsl.
struct Dims { batch: u32, columns: u32, sites: u32, first: vec4u, outs: vec4u, scaleIndex: vec4u }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<f32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3u) {
  let s = group.x;
  let width = dims.outs[s];
  var sum = 0.0;
  for (var i = t; i < dims.batch * width; i += 64u) { sum += scratch[i / width * dims.columns + dims.first[s] + i % width]; }
  part[t] = sum;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (t < half) { part[t] += part[t + half]; }
  }
  if (t == 0u) {
    let scale = scales[dims.scaleIndex[s]];
    y[s] = scale * scale * part[0] / f32(2 * dims.batch);
  }
}
