// segment-sums.wgsl — sums[s] = Σ_j scratch[s, j]. One invocation per segment, without barriers: partials are few.
// scratch (S, partials) → sums (S). dims: segments (S), partials (a multiple of 4).
struct Dims { segments: u32, partials: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let s = id.x;
  if (s >= dims.segments) { return; }
  let columns = dims.partials / 4;
  var sum = vec4f();
  // Runs of 16 are summed by themselves, so that no chain of roundings is long.
  for (var first = 0u; first < columns; first += 16u) {
    var run = vec4f();
    for (var j = first; j < min(first + 16u, columns); j++) { run += scratch[s * columns + j]; }
    sum += run;
  }
  sums[s] = (sum.x + sum.y) + (sum.z + sum.w);
}
