// cross-entropy.sum.wgsl — loss = Σ losses / denominator, by one invocation in a fixed order (four lanes, so that rounding stays small).
// losses (rows), denominator (1) → loss (1). dims: rows.
struct Dims { rows: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read> denominator: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;

@compute @workgroup_size(1)
fn main() {
  var lanes = vec4f();
  let whole = dims.rows & ~3u;
  for (var m = 0u; m < whole; m += 4u) { lanes += vec4f(losses[m], losses[m + 1u], losses[m + 2u], losses[m + 3u]); }
  for (var m = whole; m < dims.rows; m++) { lanes.x += losses[m]; }
  loss[0] = ((lanes.x + lanes.y) + (lanes.z + lanes.w)) / denominator[0];
}
