// attention.backward.delta.wgsl — Δ = rowsum(dO ∘ O), which softmax's Jacobian takes away from every dP.
// dout (B, T, H, D), o (B, T, H, D) → delta (B, H, T). One invocation per (b, h, t).
// dims: count (B·H·T), tokens (T), heads (H), size (D/4).
struct Dims { count: u32, tokens: u32, heads: u32, size: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> dout: array<vec4f>;
@group(0) @binding(2) var<storage, read> o: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> delta: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let t = i % dims.tokens;
  let head = i / dims.tokens % dims.heads;
  let batch = i / dims.tokens / dims.heads;
  let at = ((batch * dims.tokens + t) * dims.heads + head) * dims.size;
  var sum = 0.0;
  for (var c = 0u; c < dims.size; c++) { sum += dot(dout[at + c], o[at + c]); }
  delta[i] = sum;
}
