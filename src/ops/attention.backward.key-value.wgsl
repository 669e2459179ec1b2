// attention.backward.key-value.wgsl — dV = Pᵀ dO, dK = scale · dSᵀ Q with P = exp(scale·Q Kᵀ − lse), dS = P ∘ (dO Vᵀ − Δ), summed over the group's heads.
// dout (B, T, H·D), lse (B, H, T), delta (B, H, T), qkv (B, T, (H + 2G)·D), mask (B, T) → the key and value columns of dqkv. One invocation: R keys of one
// kv head; it alone sums over its group's heads and their queries, so there are no atomics and one order of addition.
// dims: count (invocations), tokens (T), heads (H), kvHeads (G), causal (0, 1), scale. Text: R keys, C = D/4 (attention-tile.ts).
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
  let j = i % blocks * R;
  let group = i / blocks % dims.kvHeads;
  let batch = i / blocks / dims.kvHeads;
  let first = batch * dims.tokens;
  let width = (dims.heads + 2 * dims.kvHeads) * C;
  let sharing = dims.heads / dims.kvHeads;

  // Keys past the last token compute it again and write nothing.
  let key$r = min(j + $r, dims.tokens - 1);
  let k$rAt = (first + key$r) * width + (dims.heads + group) * C;
  let v$rAt = k$rAt + dims.kvHeads * C;
  let seen$r = mask[first + key$r] != 0;
  let k$r_$c = qkv[k$rAt + $c] * dims.scale;
  let v$r_$c = qkv[v$rAt + $c];
  var dk$r_$c = vec4f();
  var dv$r_$c = vec4f();

  for (var head = group * sharing; head < (group + 1) * sharing; head++) {
    let stat = (batch * dims.heads + head) * dims.tokens;
    for (var t = select(0, j, dims.causal != 0); t < dims.tokens; t++) {
      let qAt = (first + t) * width + head * C;
      let dOAt = ((first + t) * dims.heads + head) * C;
      let q_$c = qkv[qAt + $c];
      let dO_$c = dout[dOAt + $c];
      var s$r = 0.0;
      var dp$r = 0.0;
      s$r += dot(q_$c, k$r_$c);
      dp$r += dot(dO_$c, v$r_$c);
      let p$r = select(0.0, exp(s$r - lse[stat + t]), seen$r && (dims.causal == 0 || j + $r <= t));
      let ds$r = p$r * (dp$r - delta[stat + t]);
      dv$r_$c += p$r * dO_$c;
      dk$r_$c += ds$r * q_$c;
    }
  }
  if (j + $r < dims.tokens) { dqkv[k$rAt + $c] = dk$r_$c * dims.scale; }
  if (j + $r < dims.tokens) { dqkv[v$rAt + $c] = dv$r_$c; }
}
