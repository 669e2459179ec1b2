// activation.wgsl — y = f(x), or dx = dy · f′(x), per vec4; activation.ts puts in what is computed of x (and dy). dims: count (vec4s).
struct Dims { count: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> xs: array<vec4f>;
@group(0) @binding(2) var<storage, read> dys: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;

/** 1 / (1 + e^−z), from e^−|z| ≤ 1: nothing overflows. */
fn sigmoid(z: vec4f) -> vec4f {
  let e = exp(-abs(z));
  return select(e, vec4f(1), z >= vec4f()) / (1 + e);
}

/** Where a gate is 0 or 1 in f32 already: beyond it powers of x need not be taken. */
fn near(x: vec4f) -> vec4f { return clamp(x, vec4f(-20), vec4f(20)); }

/** Argument of gelu_new's gate σ(z): 2 √(2/π) (x + 0.044715 x³). */
fn tanhGate(x: vec4f) -> vec4f { return 1.5957691216057308 * x * (1 + 0.044715 * x * x); }

/** Φ(x) = erfc(−x/√2) / 2. erfc by a Chebyshev fit with a relative error below 1.2e-7 everywhere (Numerical Recipes, §6.2). */
fn normal(x: vec4f) -> vec4f {
  let z = abs(x) * 0.7071067811865476;
  let t = 1 / (1 + 0.5 * z);
  let fit = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 +
    t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  let tail = 0.5 * t * exp(fit - z * z);
  return select(tail, 1 - tail, x >= vec4f());
}

/** tanh x: its series near 0, where 1 − e^−2|x| would cancel; nothing overflows. */
fn tangent(x: vec4f) -> vec4f {
  let e = exp(-2 * abs(x));
  let q = x * x;
  let series = x * (1 + q * (-1.0 / 3 + q * (2.0 / 15 + q * (-17.0 / 315 + q * (62.0 / 2835 - q * (1382.0 / 155925))))));
  return select(sign(x) * (1 - e) / (1 + e), series, abs(x) < vec4f(0.35));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let x = xs[i];
  let dy = dys[i];
  out[i] = EXPRESSION;
}
