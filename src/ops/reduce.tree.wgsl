// reduce.tree.wgsl — partial sums, one workgroup of 64 each. x (elements) → y (partials). Fixed order: deterministic. Elements past the end are left out.
// dims: elements, partials (= workgroups). cpu variant: reduce.wgsl.
struct Dims { elements: u32, partials: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
var<workgroup> part: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) t: u32, @builtin(workgroup_id) group: vec3u) {
  let count = (dims.elements + 3) / 4;
  var total = vec4f();
  for (var i = group.x * 64u + t; i < count; i += dims.partials * 64u) {
    let there = vec4u(i * 4) + vec4u(0, 1, 2, 3) < vec4u(dims.elements);
    total += select(vec4f(), x[i], there);
  }
  part[t] = (total.x + total.y) + (total.z + total.w);
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (t < half) { part[t] += part[t + half]; }
  }
  if (t == 0u) { y[group.x] = part[0]; }
}
