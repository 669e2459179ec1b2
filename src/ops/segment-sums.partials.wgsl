// segment-sums.partials.wgsl — scratch[s, j] = Σ f(p, g) over every partials-th vec4 of segment s from the j-th on, whether the segment is active or not.
// p (N), g (N), table (S, 8) as two vec4u per segment: [offset, length, …] → scratch (S, partials). segment-sums.ts puts f in.
// One invocation per (s, j); runs of 32 are summed by themselves, so that no chain of roundings is long. dims: segments (S), partials.
struct Dims { segments: u32, partials: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> p: array<vec4f>;
@group(0) @binding(2) var<storage, read> g: array<vec4f>;
@group(0) @binding(3) var<storage, read> table: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> scratch: array<f32>;

fn term(p: vec4f, g: vec4f) -> vec4f { return EXPRESSION; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let own = id.y * groups.x * 64 + id.x;
  if (own >= dims.segments * dims.partials) { return; }
  let segment = table[2 * (own / dims.partials)];
  let count = (segment.y + 3) / 4;
  var total = vec4f();
  var i = own % dims.partials;
  while (i < count) {
    var run = vec4f();
    for (var k = 0u; k < 32u && i < count; k++) {
      let there = vec4u(i * 4) + vec4u(0, 1, 2, 3) < vec4u(segment.y);
      let at = segment.x / 4 + i;
      run += select(vec4f(), term(p[at], g[at]), there);
      i += dims.partials;
    }
    total += run;
  }
  scratch[own] = (total.x + total.y) + (total.z + total.w);
}
