// label-loss.classes.wgsl — per row: losses = log Σ exp(logits) − logits[label], d = (softmax(logits) − onehot) / denominator; a label below 0 gives 0 and 0.
// logits (rows, width), labels (rows), denominator (1) → losses (rows), d (rows, width). One invocation per row. dims: rows, classes, width (classes rounded up to a vec4).
struct Dims { rows: u32, classes: u32, width: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> denominator: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<storage, read_write> d: array<f32>;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= dims.rows) { return; }
  let row = id.x * dims.width;
  let label = labels[id.x];
  for (var v = 0u; v < dims.width; v++) { d[row + v] = 0; }
  losses[id.x] = 0;
  if (label < 0) { return; }
  var most = logits[row];
  for (var v = 1u; v < dims.classes; v++) { most = max(most, logits[row + v]); }
  var Z = 0.0;
  for (var v = 0u; v < dims.classes; v++) { Z += exp(logits[row + v] - most); }
  losses[id.x] = most + log(Z) - logits[row + u32(label)];
  for (var v = 0u; v < dims.classes; v++) { d[row + v] = (exp(logits[row + v] - most) / Z - select(0.0, 1.0, v == u32(label))) / denominator[0]; }
}
