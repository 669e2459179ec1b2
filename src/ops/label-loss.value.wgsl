// label-loss.value.wgsl — per row: losses = (logits₀ − label)², d₀ = 2 (logits₀ − label) / denominator, the rest of d is 0.
// logits (rows, width), labels (rows), denominator (1) → losses (rows), d (rows, width). One invocation per row. dims: rows, classes (1), width.
struct Dims { rows: u32, classes: u32, width: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<f32>;
@group(0) @binding(3) var<storage, read> denominator: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<storage, read_write> d: array<f32>;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= dims.rows) { return; }
  let row = id.x * dims.width;
  for (var v = dims.classes; v < dims.width; v++) { d[row + v] = 0; }
  let apart = logits[row] - labels[id.x];
  losses[id.x] = apart * apart;
  d[row] = 2 * apart / denominator[0];
}
