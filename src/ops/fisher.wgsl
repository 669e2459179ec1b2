// fisher.wgsl — y[s] = scale_s² / 2B · Σ of the site's columns of scratch over all rows. One invocation per site: no barrier, for software rasterisers.
// scratch (B, N / 4), scales → y (sites). dims: batch (B), columns (N / 4), sites, first[s], outs[s] (in vec4s), scaleIndex[s]. gpu variant: fisher.tree.wgsl.
struct Dims { batch: u32, columns: u32, sites: u32, first: vec4u, outs: vec4u, scaleIndex: vec4u }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<f32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let s = id.x;
  if (s >= dims.sites) { return; }
  var sum = 0.0;
  for (var row = 0u; row < dims.batch; row++) {
    var part = 0.0;
    for (var n = 0u; n < dims.outs[s]; n++) { part += scratch[row * dims.columns + dims.first[s] + n]; }
    sum += part;
  }
  let scale = scales[dims.scaleIndex[s]];
  y[s] = scale * scale * sum / f32(2 * dims.batch);
}
