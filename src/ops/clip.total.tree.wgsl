// clip.total.tree.wgsl — squares[s] = Σ_j scratch[s, j]; total = [√(Σ_s squares[s]), 0]. One workgroup of 256, an invocation per segment, then a tree.
// scratch (S, partials) → squares (S), total (2). dims: segments (S), partials (a multiple of 4). cpu variant: clip.total.wgsl.
struct Dims { segments: u32, partials: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> squares: array<f32>;
@group(0) @binding(3) var<storage, read_write> total: array<f32>;
var<workgroup> part: array<f32, 256>;

// Runs of 16 are summed by themselves, so that no chain of roundings is long.
fn squaresOf(s: u32) -> f32 {
  let columns = dims.partials / 4;
  var sum = vec4f();
  for (var first = 0u; first < columns; first += 16u) {
    var run = vec4f();
    for (var j = first; j < min(first + 16u, columns); j++) { run += scratch[s * columns + j]; }
    sum += run;
  }
  return (sum.x + sum.y) + (sum.z + sum.w);
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) t: u32) {
  var own = 0.0;
  for (var s = t; s < dims.segments; s += 256u) {
    let sum = squaresOf(s);
    squares[s] = sum;
    own += sum;
  }
  part[t] = own;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (t < half) { part[t] += part[t + half]; }
  }
  if (t == 0u) {
    total[0] = sqrt(part[0]);
    total[1] = 0;
  }
}
