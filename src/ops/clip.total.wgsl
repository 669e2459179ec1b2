// clip.total.wgsl — squares[s] = Σ_j scratch[s, j]; total = [√(Σ_s squares[s]), 0]. One invocation: no barrier, for software rasterisers.
// scratch (S, partials) → squares (S), total (2). dims: segments (S), partials (a multiple of 4). gpu variant: clip.total.tree.wgsl.
struct Dims { segments: u32, partials: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> scratch: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> squares: array<f32>;
@group(0) @binding(3) var<storage, read_write> total: array<f32>;

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

@compute @workgroup_size(1)
fn main() {
  var all = 0.0;
  for (var first = 0u; first < dims.segments; first += 16u) {
    var run = 0.0;
    for (var s = first; s < min(first + 16u, dims.segments); s++) {
      let sum = squaresOf(s);
      squares[s] = sum;
      run += sum;
    }
    all += run;
  }
  total[0] = sqrt(all);
  total[1] = 0;
}
