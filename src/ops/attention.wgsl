// attention.wgsl — O = softmax(scale·Q Kᵀ + mask) V and lse = log Σ exp, by online softmax: T×T is never stored.
// qkv (B, T, (H + 2G)·D), mask (B, T) → o (B, T, H·D), lse (B, H, T). One invocation: R query rows of one head in registers, keys and values read
// straight from storage. A row that sees no key gives 0.
// dims: count (invocations), tokens (T), heads (H), kvHeads (G), causal (0, 1), scale. Text: R rows, C = D/4 (attention-tile.ts).
// FlashAttention, https://arxiv.org/abs/2205.14135
struct Dims { count: u32, tokens: u32, heads: u32, kvHeads: u32, causal: u32, scale: f32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<i32>;
@group(0) @binding(3) var<storage, read_write> o: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;

const R: u32 = $R;
const C: u32 = $C;
const LOWEST = -1e30;

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
  let q$rAt = (first + min(t + $r, dims.tokens - 1)) * width + head * C;
  let q$r_$c = qkv[q$rAt + $c] * dims.scale;
  var o$r_$c = vec4f();
  var max$r = LOWEST;
  var sum$r = 0.0;

  let keys = select(dims.tokens, min(t + R, dims.tokens), dims.causal != 0);
  for (var j = 0u; j < keys; j++) {
    if (mask[first + j] == 0) { continue; }
    let at = (first + j) * width;
    let k_$c = qkv[at + kAt + $c];
    var s$r = 0.0;
    s$r += dot(q$r_$c, k_$c);
    let hidden$r = dims.causal != 0 && j > t + $r;
    s$r = select(s$r, LOWEST, hidden$r);
    let newMax$r = max(max$r, s$r);
    let keep$r = exp(max$r - newMax$r);
    let p$r = select(exp(s$r - newMax$r), 0.0, hidden$r);
    max$r = newMax$r;
    sum$r = sum$r * keep$r + p$r;
    let v_$c = qkv[at + vAt + $c];
    o$r_$c = o$r_$c * keep$r + p$r * v_$c;
  }

  // The largest score adds exp(0): a sum below 1 is the sum of nothing.
  let inverse$r = 1.0 / max(sum$r, 1.0);
  let o$rAt = ((first + t + $r) * dims.heads + head) * C;
  if (t + $r < dims.tokens) { lse[i / blocks * dims.tokens + t + $r] = select(0.0, max$r + log(sum$r), sum$r > 0.0); }
  if (t + $r < dims.tokens) { o[o$rAt + $c] = o$r_$c * inverse$r; }
}
