// reduce.wgsl — partial sums without barriers, for software rasterisers. x (elements) → y (partials): y[p] = Σ of every partials-th vec4 from p on.
// Runs of 32 are summed by themselves, so that no chain of roundings is long. Elements past the end are left out.
// dims: elements, partials (= invocations that work). gpu variant: reduce.tree.wgsl.
struct Dims { elements: u32, partials: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= dims.partials) { return; }
  let count = (dims.elements + 3) / 4;
  var total = vec4f();
  var i = id.x;
  while (i < count) {
    var run = vec4f();
    for (var k = 0u; k < 32u && i < count; k++) {
      let there = vec4u(i * 4) + vec4u(0, 1, 2, 3) < vec4u(dims.elements);
      run += select(vec4f(), x[i], there);
      i += dims.partials;
    }
    total += run;
  }
  y[id.x] = (total.x + total.y) + (total.z + total.w);
}
