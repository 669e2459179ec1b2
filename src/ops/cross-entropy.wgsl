// cross-entropy.wgsl — one row of logits → its loss, whether the arg max is the label, and (in place) the gradient (softmax − onehot) / denominator.
// logits (rows, Vp), labels (all rows), denominator (1) → losses, correct (all rows). One invocation per row, online log-sum-exp, in f32.
// dims: rows (of this chunk), first (first row of the chunk), V, Vp (V rounded up to a vec4; the pad becomes 0), gradient (0 or 1).
struct Dims { rows: u32, first: u32, V: u32, Vp: u32, gradient: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> denominator: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<storage, read_write> correct: array<f32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= dims.rows) { return; }
  let row = id.x * dims.Vp;
  let m = dims.first + id.x;
  let label = labels[m];
  if (label < 0) {
    losses[m] = 0.0;
    correct[m] = 0.0;
    if (dims.gradient != 0u) { for (var v = 0u; v < dims.Vp; v++) { logits[row + v] = 0.0; } }
    return;
  }
  var most = logits[row];
  var best = 0u;
  for (var v = 1u; v < dims.V; v++) {
    let l = logits[row + v];
    if (l > most) { most = l; best = v; }
  }
  var partial = vec4f();
  let whole = dims.V & ~3u;
  for (var v = 0u; v < whole; v += 4u) {
    partial += exp(vec4f(logits[row + v], logits[row + v + 1u], logits[row + v + 2u], logits[row + v + 3u]) - most);
  }
  for (var v = whole; v < dims.V; v++) { partial.x += exp(logits[row + v] - most); }
  let Z = (partial.x + partial.y) + (partial.z + partial.w);
  losses[m] = most + log(Z) - logits[row + u32(label)];
  correct[m] = select(0.0, 1.0, best == u32(label));
  if (dims.gradient != 0u) {
    let d = 1.0 / denominator[0];
    for (var v = 0u; v < dims.V; v++) { logits[row + v] = exp(logits[row + v] - most) / Z * d; }
    for (var v = dims.V; v < dims.Vp; v++) { logits[row + v] = 0.0; }
    logits[row + u32(label)] -= d;
  }
}
