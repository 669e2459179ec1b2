// pick-token.backward.wgsl — dx[b, t] = dy[b] at the picked token, 0 elsewhere. dy (B, C), mask (B, T) → dx (B, T, C); one invocation per vec4 of dx.
// dims: count (vec4s of dx), tokens (T), columns (C / 4), last (0: the first token; 1: the last that the mask counts, or the first).
struct Dims { count: u32, tokens: u32, columns: u32, last: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> mask: array<i32>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64 + id.x;
  if (i >= dims.count) { return; }
  let m = i / dims.columns;
  let t = m % dims.tokens;
  let row = m - t;
  var picked = t == 0;
  if (dims.last != 0) {
    // Counted itself (or the first), and nothing behind it is: with padding behind, the next token settles it.
    picked = t == 0 || mask[m] != 0;
    for (var after = t + 1; picked && after < dims.tokens; after++) { picked = mask[row + after] == 0; }
  }
  if (picked) { dx[i] = dy[m / dims.tokens * dims.columns + i % dims.columns]; } else { dx[i] = vec4f(); }
}
