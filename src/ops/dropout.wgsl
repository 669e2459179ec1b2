// dropout.wgsl — y = x · scale where (hash(seed, step, microStep, site, element) >> 8) ≥ threshold, else 0. x, y (count · 4); one invocation per vec4.
// counter = [seed, step, microStep, 0]. dims: count (vec4s), threshold (⌈p·2²⁴⌉), site, scale (1 / (1 − p)). `hash` is src/engine/random.ts, bit for bit.
struct Dims { count: u32, threshold: u32, site: u32, scale: f32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> counter: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

fn fold(h: vec4u, key: vec4u) -> vec4u {
  var k = (h ^ key) + 0x9e3779b9u;
  k = (k ^ (k >> vec4u(16))) * 0x85ebca6bu;
  k = (k ^ (k >> vec4u(13))) * 0xc2b2ae35u;
  return k ^ (k >> vec4u(16));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  var h = fold(vec4u(), vec4u(counter[0]));
  h = fold(h, vec4u(counter[1]));
  h = fold(h, vec4u(counter[2]));
  h = fold(h, vec4u(dims.site));
  h = fold(h, vec4u(i * 4) + vec4u(0, 1, 2, 3));
  y[i] = select(vec4f(), x[i] * dims.scale, (h >> vec4u(8)) >= vec4u(dims.threshold));
}
