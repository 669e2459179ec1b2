// layer-norm.backward.weight.wgsl — dw = [dw +] Σ_rows dy · (x − mean) · rstd. One invocation per four columns; rows in order: deterministic.
// dy, x (rows, C), stats (rows): mean, rstd → dw (C). dims: rows, columns (C / 4), accumulate (1: +=).
struct Dims { rows: u32, columns: u32, accumulate: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> stats: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> dw: array<vec4f>;

@compute @workgroup_size(16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= dims.columns) { return; }
  var sum = vec4f();
  for (var row = 0u; row < dims.rows; row++) {
    let i = row * dims.columns + c;
    sum += dy[i] * (x[i] - stats[row].x) * stats[row].y;
  }
  if (dims.accumulate != 0u) { sum += dw[c]; }
  dw[c] = sum;
}
