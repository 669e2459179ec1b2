// adamw.wgsl — g' = g·gradScale·clip; m = β₁m + (1 − β₁)g'; v = β₂v + (1 − β₂)g'²; p −= lr·decay·p; p −= lr·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + eps); g = 0.
// p, g, m, v (N); table (S, 8) as two vec4u per segment: [offset, length, active, step], [lrScale, weightDecay, 0, 0], sorted by offset;
// scalars (8) = [learningRate, beta1, beta2, eps], [maxNorm, gradScale, 0, 0]; norm (2) = [norm of the unscaled g, 0]. lr = learningRate · lrScale,
// t = step + 1, clip = min(1, maxNorm / (norm·gradScale + 1e-6)). One invocation per vec4, which lies in at most one segment. dims: count (vec4s), segments (S).
struct Dims { count: u32, segments: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> g: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> v: array<vec4f>;
@group(0) @binding(5) var<storage, read> table: array<vec4u>;
@group(0) @binding(6) var<storage, read> scalars: array<vec4f>;
@group(0) @binding(7) var<storage, read> norm: array<f32>;

// ln β to about 3e-7 of itself. The built-in log is allowed an absolute error of 2⁻²¹ on [0.5, 2], too much where β is near 1:
// ln β = 2 artanh z, z = (β − 1) / (β + 1), |z| ≤ 1/3.
fn logBeta(beta: f32) -> f32 {
  if (beta < 0.5) { return log(beta); }
  let z = (beta - 1) / (beta + 1);
  let q = z * z;
  return 2 * z * (1 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9 + q * (1.0 / 11 + q * (1.0 / 13)))))));
}

// 1 − βᵗ = −expm1(t · ln β): by its series where 1 − exp would cancel.
fn correction(beta: f32, t: f32) -> f32 {
  if (beta <= 0) { return 1; }
  let y = t * logBeta(beta);
  if (y < -1) { return 1 - exp(max(y, -80)); }
  var series = 1.0;
  for (var k = 11.0; k > 1; k -= 1) { series = 1 + series * y / k; }
  return -y * series;
}

// How many segments start at or before an element: the last of them is the only one that can hold it.
fn segmentsUpTo(element: u32) -> u32 {
  var low = 0u;
  var high = dims.segments;
  while (low < high) {
    let middle = (low + high) / 2;
    if (table[2 * middle].x <= element) { low = middle + 1; } else { high = middle; }
  }
  return low;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let gradient = g[i];
  g[i] = vec4f();
  let upTo = segmentsUpTo(i * 4);
  if (upTo == 0) { return; }
  let segment = table[2 * (upTo - 1)];
  let inside = vec4u(i * 4) + vec4u(0, 1, 2, 3) < vec4u(segment.x + segment.y);
  if (segment.z == 0 || !inside.x) { return; }
  let own = bitcast<vec4f>(table[2 * upTo - 1]);
  let adam = scalars[0];
  let maxNorm = scalars[1].x;
  let gradScale = scalars[1].y;
  let rate = adam.x * own.x;
  let t = f32(segment.w + 1);

  var factor = gradScale;
  if (maxNorm > 0) { factor *= min(1, maxNorm / (norm[0] * gradScale + 1e-6)); }
  let d = gradient * factor;
  let first = adam.y * m[i] + (1 - adam.y) * d;
  let second = adam.z * v[i] + (1 - adam.z) * d * d;
  let step = rate * (first / correction(adam.y, t)) / (sqrt(second / correction(adam.z, t)) + adam.w);
  m[i] = select(m[i], first, inside);
  v[i] = select(v[i], second, inside);
  p[i] = select(p[i], p[i] - rate * own.y * p[i] - step, inside);
}
