// attention.backward.query.wgsl — dQ = scale · dS K with P = exp(scale·Q Kᵀ − lse), dS = P ∘ (dO Vᵀ − Δ).
// dout (B, T, H·D), lse (B, H, T), delta (B, H, T), qkv (B, T, (H + 2G)·D), mask (B, T) → the query columns of dqkv. One invocation: R query rows of one head.
// dims: count (invocations), tokens (T), heads (H), kvHeads (G), causal (0, 1), scale. Text: R rows, C = D/4 (attention-tile.ts).
// FlashAttention, https://arxiv.org/abs/2205.14135
struct Dims { count: u32, tokens: u32, heads: u32, kvHeads: u32, causal: u32, scale: f32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> dout: array<vec4f>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> delta: array<f32>;
@group(0) @binding(4) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(5) var<storage, read> mask: array<i32>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<vec4f>;

const R: u32 = $R;
const C: u32 = $C;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 32 + id.x;
  if (i >= dims.count) { return; }
  let blocks = (dims.tokens + R - 1) / R;
  let t = i % blocks * R;
  let head = i / blocks % dims.heads;
  let first = i / blocks / dims.heads * dims.tokens;
  let width = (dims.heads + 2 * dims.kvHeads) * C;
  let kAt = (dims.heads + head / (dims.heads / dims.kvHeads)) * C;
  let vAt = kAt + dims.kvHeads * C;

  // Rows past the last token compute it again and write nothing.
  let row$r = min(t + $r, dims.tokens - 1);
  let q$rAt = (first + row$r) * width + head * C;
  let dO$rAt = ((first + row$r) * dims.heads + head) * C;
  let lse$r = lse[i / blocks * dims.tokens + row$r];
  let delta$r = delta[i / blocks * dims.tokens + row$r];
  let q$r_$c = qkv[q$rAt + $c] * dims.scale;
  let dO$r_$c = dout[dO$rAt + $c];
  var dq$r_$c = vec4f();

  let keys = select(dims.tokens, min(t + R, dims.tokens), dims.causal != 0);
  for (var j = 0u; j < keys; j++) {
    if (mask[first + j] == 0) { continue; }
    let at = (first + j) * width;
    let k_$c = qkv[at + kAt + $c];
    let v_$c = qkv[at + vAt + $c];
    var s$r = 0.0;
    var dp$r = 0.0;
    s$r += dot(q$r_$c, k_$c);
    dp$r += dot(dO$r_$c, v_$c);
    let ds$r = select(exp(s$r - lse$r), 0.0, dims.causal != 0 && j > t + $r) * (dp$r - delta$r);
    dq$r_$c += ds$r * k_$c;
  }
  if (t + $r < dims.tokens) { dqkv[q$rAt + $c] = dq$r_$c * dims.scale; }
}
